/** The names of the accounts in a ledger. */

export const OUTSIDE = 'outside';
export const FEES = 'fees';

/** Fund accounts of a merchant beside the one that payments come into; only WeChat Pay has them. */
export type FundAccount = 'basic' | 'operation' | 'fees';

/** The name of a merchant's account in the ledger: `merchant:<number>`, and of one beside it `operation:<number>`, `fees:<number>`. */
export function merchantAccount(merchantNo: string, fund: FundAccount = 'basic'): string {
  return `${fund === 'basic' ? 'merchant' : fund}:${merchantNo}`;
}

/** Where refunds are between merchant and payer. */
export function transitAccount(merchantNo: string): string {
  return `in_transit:${merchantNo}`;
}

export function payerAccount(payment: { readonly payer: string }): string {
  return `payer:${payment.payer}`;
}
