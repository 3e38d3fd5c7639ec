/** The fund accounts of a merchant at WeChat Pay (资金账户), each with a fund-flow bill of its own (WX: fund-flow bill, account_type). */
import type { FundFlowKind, StatementKind } from '../../domain/statement/statement.ts';
import { FUND_FLOW_KINDS } from '../../domain/statement/statement.ts';

/** 基本账户, which payments come into; 运营账户; 手续费账户. */
export const FUND_ACCOUNTS = ['basic', 'operation', 'fees'] as const;

export type FundAccountName = (typeof FUND_ACCOUNTS)[number];

const OF_KIND: Readonly<Record<FundFlowKind, FundAccountName>> = {
  fund_flow: 'basic',
  fund_flow_operation: 'operation',
  fund_flow_fees: 'fees',
};

/** The statements of an account of which these fund accounts are fetched. */
export function statementKindsOf(fundAccounts: readonly FundAccountName[]): readonly StatementKind[] {
  return ['trade', ...FUND_FLOW_KINDS.filter((kind) => fundAccounts.includes(OF_KIND[kind]))];
}

/** Where the bill of a day is asked for, packed. */
export function billPath(kind: StatementKind, billDate: string): string {
  return kind === 'trade'
    ? `/v3/bill/tradebill?bill_date=${billDate}&bill_type=ALL&tar_type=GZIP`
    : `/v3/bill/fundflowbill?bill_date=${billDate}&account_type=${OF_KIND[kind].toUpperCase()}&tar_type=GZIP`;
}
