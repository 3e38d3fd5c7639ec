/** The names of the accounts in a ledger. */

export const OUTSIDE = 'outside';
export const FEES = 'fees';

/** The name of a merchant's account in the ledger. */
export function merchantAccount(merchantNo: string): string {
  return `merchant:${merchantNo}`;
}

/** Where refunds are between merchant and payer. */
export function transitAccount(merchantNo: string): string {
  return `in_transit:${merchantNo}`;
}

export function payerAccount(payment: { readonly payer: string }): string {
  return `payer:${payment.payer}`;
}
