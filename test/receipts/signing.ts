/** Keys of their own for a test, and the receipt of a refund under them. */
import type { Observation } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { receiptOf } from '../../domain/receipt/receipt.ts';
import type { Language } from '../../domain/receipt/words.ts';
import { makeClaim } from '../../receipts/claim.ts';
import { receiptPage } from '../../receipts/page.ts';
import type { PaperOrder } from '../../receipts/pdf.ts';
import { drawPaper } from '../../receipts/pdf.ts';
import { sealed } from '../../receipts/pdf-seal.ts';
import { newReceiptKeys, readReceiptKeys } from '../../receipts/receipt-keys.ts';
import type { SignedReceipt } from '../../receipts/signed-receipt.ts';
import { signReceipt } from '../../receipts/signed-receipt.ts';
import { factsOf } from '../domain/receipt/receipt-facts.ts';

export const KEYS = readReceiptKeys(newReceiptKeys(null, 'test'), 'test');
export const OTHER_KEYS = readReceiptKeys(newReceiptKeys(null, 'test'), 'test');

export function signed(change: Partial<Refund> = {}, o: Parameters<typeof factsOf>[1] = {}): SignedReceipt {
  return signReceipt(receiptOf(factsOf(change, o)), KEYS.signing);
}

export function orderOf({ receipt, receiptNo, text }: SignedReceipt, language: Language): PaperOrder {
  const claim = makeClaim({ receipt, receiptNo, text }, KEYS.signing);
  const verify = 'https://pay.example.com/verify';
  return { receipt, receiptNo, text, language, links: { check: `${verify}?c=${claim}`, verify } };
}

/** The paper as it is issued, drawn in this very thread. */
export async function paperOf(receipt: SignedReceipt, language: Language): Promise<Buffer> {
  return sealed(await drawPaper(orderOf(receipt, language)), KEYS.signing);
}

const PAID: Partial<Refund> = {
  state: 'settled',
  succeededAt: new Date('2026-11-25T10:32:00+08:00'),
};
const LATER = new Date('2026-11-30T09:00:00+08:00');

const BOUNCED: Observation = {
  ...{ kind: 'bounced', source: 'statement', ref: 'b1', at: '2026-11-27T01:00:00.000Z' },
};
const APPROVED: Observation = {
  ...{ kind: 'fallback_approved', source: 'operator', ref: 'approval/1', at: '2026-11-27T03:00:00.000Z' },
  ...{ method: 'bank_transfer', payee: '李*', bank: '示例银行', accountEnding: '0403', knew: [] },
};
const TRANSFER: Observation = {
  ...{ kind: 'fallback_paid', source: 'operator', ref: 'T20261127000088', at: '2026-11-27T06:00:00.000Z' },
  ...{ reference: 'T20261127000088', paidAt: '2026-11-27T05:00:00.000Z', by: 'lin.mei' },
};

/** One receipt of each kind that looks its own way. */
export const PICTURED = {
  submitting: signed({
    state: 'requested',
    acceptedAt: null,
    promiseAt: null,
    channelRefundNo: null,
    landsIn: null,
  }),
  accepted: signed(),
  late: signed({ lastAskedAt: new Date('2026-11-29T08:00:00+08:00') }, { now: LATER }),
  paid: signed(PAID),
  at_bank: signed({ ...PAID, bankLeg: 'pending' }),
  arrived: signed({ ...PAID, landsIn: '支付用户零钱' }, { payment: { fundingSource: 'wallet' } }),
  stopped: signed({ state: 'needs_action', stateReason: 'abnormal' }),
  failed: signed({ state: 'failed', stateReason: 'refused', acceptedAt: null, channelRefundNo: null }),
  returned: signed({ ...PAID, state: 'returned' }, { observations: [BOUNCED], now: LATER }),
  to_be_paid: signed(
    { ...PAID, state: 'returned', stateReason: 'fallback_approved' },
    { observations: [BOUNCED, APPROVED], now: LATER },
  ),
  otherwise: signed(
    { ...PAID, state: 'returned', stateReason: 'paid_otherwise' },
    { observations: [BOUNCED, APPROVED, TRANSFER], now: LATER },
  ),
} as const;

export type Pictured = keyof typeof PICTURED;

/** The page as it is pictured: its code leads to a claim that nobody signed, so that the same page gives the same picture. */
export function picturedPage(name: Pictured, language: Language): string {
  const verify = 'https://pay.example.com/verify';
  const check = `${verify}?c=${'A'.repeat(PICTURED_CLAIM_LENGTH)}`;
  return receiptPage(PICTURED[name], language, { otherLanguage: '?', pdf: '#', check, verify });
}

const PICTURED_CLAIM_LENGTH = 151;
