/** Where receipts are made: from a refund's evidence, under this installation's keys and its public address. */
import type { z } from 'zod';
import type { MerchantFacts, Receipt } from '../domain/receipt/receipt.ts';
import { receiptOf } from '../domain/receipt/receipt.ts';
import { makeClaim } from '../receipts/claim.ts';
import type { LinkTokens } from '../receipts/link-tokens.ts';
import type { PaperPress } from '../receipts/paper-press.ts';
import type { ReceiptKeys } from '../receipts/receipt-keys.ts';
import type { SignedReceipt } from '../receipts/signed-receipt.ts';
import { signReceipt } from '../receipts/signed-receipt.ts';
import type { Evidence } from '../store/receipt-evidence.ts';
import type { ApiDeps } from './deps.ts';
import type { PageGuard } from './page-limits.ts';

export interface ReceiptDesk {
  readonly keys: ReceiptKeys;
  readonly links: LinkTokens;
  /** How payers reach this api: `https://pay.example.com`, no slash at the end. */
  readonly publicUrl: string;
  /** Merchants of the accounts file by id. */
  readonly merchants: ReadonlyMap<string, MerchantFacts>;
}

export type ReceiptDeps = ApiDeps & { readonly receipts: ReceiptDesk };

/** Of the routes that give papers: where these are made. */
export interface WithPress {
  readonly press: PaperPress;
}

export function makeReceipt(deps: ReceiptDeps, { refund, observations }: Evidence): SignedReceipt {
  const { refundNo, channelRefundNo, clearingDate, payment } = refund;
  const serials = { refundNo, channelRefundNo, clearingDate, ...paymentSerials(payment) };
  const receipt: Receipt = receiptOf({
    refund,
    observations,
    merchant: deps.receipts.merchants.get(refund.merchantId) ?? nameless(refund.merchantId),
    proof: deps.channels.get(refund.accountId)?.proofNumbers(serials) ?? [],
    now: deps.clock.now(),
  });
  return signReceipt(receipt, deps.receipts.keys.signing);
}

function paymentSerials({ paymentNo, transactionId }: Evidence['refund']['payment']) {
  return { paymentNo, transactionId };
}

/** A merchant that has left the accounts file: its refunds are still its payers'. */
function nameless(id: string): MerchantFacts {
  return { name: id, legalName: null, creditCode: null, phone: null, address: null };
}

/** The address at which a receipt's claim is checked: what its QR code holds. */
export function checkUrl({ receipts }: ReceiptDeps, signed: SignedReceipt): string {
  return `${receipts.publicUrl}/verify?c=${makeClaim(signed, receipts.keys.signing)}`;
}

/** Of the pages that need no key: who counts how often an address opens them. */
export interface WithGuard {
  readonly guard: PageGuard;
}

/** For the OpenAPI document: a route that needs no key. */
export interface DocumentedPage {
  readonly summary: string;
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security: readonly Record<string, readonly string[]>[];
}

/** An answer that is no JSON. */
export interface DocumentedAnswer<Type extends string> {
  readonly description: string;
  readonly content: Readonly<Record<Type, { readonly schema: z.ZodType<string> }>>;
}
