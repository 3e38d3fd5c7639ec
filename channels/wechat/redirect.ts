/**
 * An abnormal refund sent elsewhere (APIv3: apply for an abnormal refund). The card's number and its holder are encrypted
 * with the channel's key inside this one call, and are in no answer and no error that comes out of it.
 */
import { constants, createHmac, publicEncrypt } from 'node:crypto';
import type { PayerCard, Redirect, RedirectTarget, RefundOrder, SubmitAnswer } from '../channel.ts';
import { assertRedirectable } from '../redirect-target.ts';
import { assertSendable } from '../sendable.ts';
import type { WechatAccount } from './account.ts';
import type { EncryptingKey } from './keys.ts';
import { WECHAT_LIMITS } from './limits.ts';
import { REDIRECT_OUTCOMES } from './outcome.ts';
import { REFUNDS, takenOrNot, unknown } from './refund-answer.ts';
import type { Transport } from './transport.ts';

/** The banks whose debit cards the call takes, by the channel's codes, in the order of its document (2025-03-20). */
const DEBIT_BANKS = [
  'CMB_DEBIT',
  'COMM_DEBIT',
  'ABC_DEBIT',
  'CCB_DEBIT',
  'ICBC_DEBIT',
  'BOC_DEBIT',
  'PAB_DEBIT',
  'SPDB_DEBIT',
  'CITIC_DEBIT',
  'CEB_DEBIT',
  'CMBC_DEBIT',
  'CIB_DEBIT',
  'GDB_DEBIT',
  'PSBC_DEBIT',
  'NBCB_DEBIT',
] as const;

type AbnormalRefund = RefundOrder & { readonly channelRefundNo: string };

export function wechatRedirect(account: Pick<WechatAccount, 'apiV3Key'>, transport: Transport): Redirect {
  return {
    banks: DEBIT_BANKS,
    mark: (card) => {
      assertRedirectable(card, DEBIT_BANKS);
      return markOf(card, account.apiV3Key);
    },
    send: async (order, target, signal) => {
      assertSendable(order, WECHAT_LIMITS.refundNo);
      assertRedirectable(target, DEBIT_BANKS);
      const key = await transport.keys.encrypting();
      if (key === undefined)
        return unknown({ responseId: null }, 'nothing was sent: the channel gave no key to encrypt with');
      const path = `${REFUNDS}/${encodeURIComponent(order.channelRefundNo)}/apply-abnormal-refund`;
      const answer = await transport.post(path, body(order, target, key), { keyId: key.id, signal });
      return believed(order, withoutCard(takenOrNot(answer, order, REDIRECT_OUTCOMES), target));
    },
  };
}

/** Keyed by a secret of the account's: whoever has the mark alone cannot try card numbers on it. */
function markOf({ bank, cardNo, holder }: PayerCard, key: Buffer): string {
  const text = JSON.stringify(['yuanlu redirect card', bank, cardNo, holder.trim()]);
  return createHmac('sha256', key).update(text).digest('hex');
}

function body(order: AbnormalRefund, target: RedirectTarget, { key }: EncryptingKey): object {
  const { refundNo } = order;
  if (target.to === 'merchant_account') return { out_refund_no: refundNo, type: 'MERCHANT_BANK_CARD' };
  // RSA-OAEP with SHA-1 and MGF1 with SHA-1, as the channel documents it for sensitive fields.
  const sealed = (text: string): string =>
    publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      Buffer.from(text, 'utf8'),
    ).toString('base64');
  return {
    out_refund_no: refundNo,
    type: 'USER_BANK_CARD',
    bank_type: target.bank,
    bank_account: sealed(target.cardNo),
    real_name: sealed(target.holder.trim()),
  };
}

/** The channel has one number for a refund: an answer that has another one is about something else. */
function believed(order: AbnormalRefund, answer: SubmitAnswer): SubmitAnswer {
  return answer.outcome === 'reported' && answer.report.channelRefundNo !== order.channelRefundNo
    ? unknown(answer, 'the answer is about another refund')
    : answer;
}

/** A message of the channel's may quote what it was given. */
function withoutCard(answer: SubmitAnswer, target: RedirectTarget): SubmitAnswer {
  if (target.to === 'merchant_account' || !('message' in answer)) return answer;
  const message = answer.message.replaceAll(target.cardNo, '…').replaceAll(target.holder, '…');
  return { ...answer, message };
}
