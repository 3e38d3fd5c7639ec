/** WeChat Pay's answers as they are documented: new fields are welcome, wrong types are not. */
import { z } from 'zod';

/** Fen as a JSON integer that JavaScript can hold exactly. */
const fen = z.int().nonnegative().transform(BigInt);
const instant = z.string().transform((text, context) => {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) {
    context.addIssue('not a time');
    return z.NEVER;
  }
  return at;
});
const sealed = z.object({
  algorithm: z.string(),
  ciphertext: z.string(),
  nonce: z.string(),
  associated_data: z.string().optional(),
});

/** The states of a refund that the channel documents. */
export const refundStatus = z.enum(['SUCCESS', 'CLOSED', 'PROCESSING', 'ABNORMAL']);

/** POST and GET /v3/refund/domestic/refunds. */
export const refundSchema = z.object({
  refund_id: z.string().min(1),
  out_refund_no: z.string().min(1),
  transaction_id: z.string().optional(),
  out_trade_no: z.string().optional(),
  channel: z.string().optional(),
  user_received_account: z.string().optional(),
  status: refundStatus,
  // Any word: new ones appear.
  funds_account: z.string().optional(),
  create_time: instant.optional(),
  // Mocks and old merchants were seen with a meaningless time here while PROCESSING; read only with SUCCESS.
  success_time: z.string().optional(),
  amount: z.object({
    total: fen,
    refund: fen,
    payer_refund: fen.optional(),
    // Fen of another currency would be another amount.
    currency: z.literal('CNY').optional(),
  }),
});

/** The resource of a refund callback; the state has another name here. */
export const refundNoticeSchema = z.object({
  mchid: z.string(),
  out_refund_no: z.string().min(1),
  refund_id: z.string().min(1),
  transaction_id: z.string().optional(),
  out_trade_no: z.string().optional(),
  // Any word: a notice with a new one is kept, and the channel need not send it again.
  refund_status: z.string().min(1),
  success_time: z.string().optional(),
  user_received_account: z.string().optional(),
  amount: z.object({ total: fen, refund: fen, payer_refund: fen.optional() }),
});

export const noticeSchema = z.object({
  id: z.string().min(1).max(64),
  event_type: z.string().min(1).max(64),
  resource_type: z.string().optional(),
  resource: sealed.extend({ original_type: z.string().optional() }),
});

/** GET /v3/pay/transactions/… */
export const orderSchema = z.object({
  mchid: z.string().optional(),
  out_trade_no: z.string().min(1),
  transaction_id: z.string().optional(),
  trade_state: z.string(),
  bank_type: z.string().optional(),
  success_time: z.string().optional(),
  amount: z.object({ total: fen, currency: z.string().optional() }).optional(),
});

export const certificatesSchema = z.object({
  data: z.array(
    z.object({
      serial_no: z.string(),
      effective_time: z.string(),
      expire_time: z.string(),
      encrypt_certificate: sealed,
    }),
  ),
});

export const billSchema = z.object({ hash_type: z.string(), hash_value: z.string(), download_url: z.url() });

export const errorSchema = z.object({ code: z.string(), message: z.string().default('') });
