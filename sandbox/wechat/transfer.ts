/** Money between the fund accounts of a merchant: no payment and no refund, and on the bills of both. */
import { AppError } from '../../domain/errors.ts';
import type { Ledger } from '../ledger.ts';
import { fundOf } from './ledger-entries.ts';
import type { AccountType } from './model.ts';
import { ACCOUNT_TYPES } from './model.ts';

export interface Transfer {
  readonly from: AccountType;
  readonly to: AccountType;
  readonly minor: bigint;
}

/** Fen on each fund account. */
export type Balances = Readonly<Record<AccountType, bigint>>;

/** @throws AppError `request_invalid` when it is more than there is, or goes nowhere */
export function transfer(
  ledger: Ledger,
  merchantNo: string,
  o: Transfer & { readonly atMs: number },
): Balances {
  const [from, to] = [fundOf(o.from), fundOf(o.to)];
  const balance = ledger.balanceOf(merchantNo, from);
  if (o.minor < 1n || o.minor > balance)
    throw new AppError('request_invalid', { amount_minor: `is not between 1 and ${String(balance)}` });
  if (from === to) throw new AppError('request_invalid', { to: 'is the account that it comes from' });
  ledger.transfer(merchantNo, { from, to, minor: o.minor, atMs: o.atMs });
  const balances = ACCOUNT_TYPES.map((type) => [type, ledger.balanceOf(merchantNo, fundOf(type))]);
  return Object.fromEntries(balances) as Balances;
}
