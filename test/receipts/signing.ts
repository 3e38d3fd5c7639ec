/** Keys of their own for a test, and the receipt of a refund under them. */
import type { Refund } from '../../domain/refund/refund.ts';
import { receiptOf } from '../../domain/receipt/receipt.ts';
import { newReceiptKeys, readReceiptKeys } from '../../receipts/receipt-keys.ts';
import type { SignedReceipt } from '../../receipts/signed-receipt.ts';
import { signReceipt } from '../../receipts/signed-receipt.ts';
import { factsOf } from '../domain/receipt/receipt-facts.ts';

export const KEYS = readReceiptKeys(newReceiptKeys(null, 'test'), 'test');
export const OTHER_KEYS = readReceiptKeys(newReceiptKeys(null, 'test'), 'test');

export function signed(change: Partial<Refund> = {}, o: Parameters<typeof factsOf>[1] = {}): SignedReceipt {
  return signReceipt(receiptOf(factsOf(change, o)), KEYS.signing);
}
