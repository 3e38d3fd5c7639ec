/** `yuanlu statements three-way`: a day of an account by three witnesses, and why they differ. */
import { formatYuan } from '../../domain/money.ts';
import type {
  FlowTotals,
  FundAccountFlow,
  ThreeWay,
  ThreeWayStep,
} from '../../domain/statement/three-way.ts';
import { isExplained, unexplainedMinor } from '../../domain/statement/three-way.ts';
import { DAY_ENDS_EARLY_MS } from '../../domain/time/arrival-window.ts';
import { parsePlainDate } from '../../domain/time/plain-date.ts';
import { threeWayOf } from '../../store/three-way.ts';
import { createOutput, table } from '../output.ts';
import { withBooks } from './books.ts';

export async function threeWayCommand(
  account: string,
  date: string,
  options: { readonly json: boolean },
): Promise<void> {
  const billDate = parsePlainDate(date);
  const day = await withBooks(async (context) => {
    const { movementWords: words, lineProves: proves, name, limits } = context.channels.get(account);
    const line = { proves, dayEndsEarlyMs: DAY_ENDS_EARLY_MS[name] };
    const kinds = limits.statementKinds;
    return threeWayOf(context.pool, { accountId: account, billDate, words, kinds, line });
  });
  createOutput(options.json).result(document(day), () => text(day));
}

/** The same names as `GET /v1/three-way`. */
function document(day: ThreeWay): object {
  const { books, trade, fundFlow } = day;
  return {
    ...{ account_id: day.accountId, bill_date: day.billDate },
    ...{ explained: isExplained(day), unexplained_minor: unexplainedMinor(day) },
    statements: { trade: day.statements.trade, fund_flow: day.statements.fundFlow },
    books,
    trade: {
      count: trade.count,
      minor: trade.minor,
      payer_minor: trade.payerMinor,
      fee_minor: trade.feeMinor,
    },
    fund_flow: flow(fundFlow),
    fund_accounts: day.fundAccounts.map(({ kind, statement, toOwn, fromOwn, ...totals }) => ({
      ...{ kind, statement, ...flow(totals), to_own: toOwn, from_own: fromOwn },
    })),
    steps: {
      books_to_trade: step(day.booksToTrade),
      trade_to_fund_flow: step(day.tradeToFundFlow),
      fees: step(day.fees),
      given_back: step(day.givenBack),
    },
  };
}

function flow({ count, minor, feeMinor, backMinor, backFeeMinor }: FlowTotals): object {
  return {
    ...{ count, minor, fee_minor: feeMinor, back_minor: backMinor, back_fee_minor: backFeeMinor },
  };
}

function step({ fromMinor, toMinor, items }: ThreeWayStep): object {
  return {
    ...{ from_minor: fromMinor, to_minor: toMinor },
    items: items.map(({ kind, isExplained: explained, count, minor }) => ({ kind, explained, count, minor })),
  };
}

const STATEMENT_WORDS = {
  loaded: '',
  empty: ', which had nothing',
  missing: ', not had yet',
  clearing: ', by the clearing file itself',
} as const;

function text(day: ThreeWay): string {
  const { books, trade, fundFlow, statements } = day;
  const head = `${day.accountId} ${day.billDate}, three ways`;
  const rows = [
    ...stepRows(`the books: ${String(books.count)} refunds`, day.booksToTrade),
    ...stepRows(
      `the trade statement: ${String(trade.count)} lines${STATEMENT_WORDS[statements.trade]}`,
      day.tradeToFundFlow,
    ),
    {
      what: `left the account: ${String(fundFlow.count)} movements${STATEMENT_WORDS[statements.fundFlow]}`,
      ...{ count: '', minor: formatYuan(fundFlow.minor), note: '' },
    },
    ...partRows(day, ({ count, minor }) => ({ count, minor })),
    ...stepRows('fees to come back, by the trade statement', day.fees),
    { what: 'fees that came back', count: '', minor: formatYuan(fundFlow.feeMinor), note: '' },
    ...partRows(day, ({ feeMinor }) => ({ minor: feeMinor })),
    ...(fundFlow.backMinor === 0n
      ? []
      : [
          ...stepRows('refunds that came back', day.givenBack),
          { what: 'came back to the account', count: '', minor: formatYuan(fundFlow.backMinor), note: '' },
        ]),
    ...ownRows(day),
  ];
  return [
    head,
    table(rows, [
      { head: 'what', cell: ({ what }) => what },
      { head: 'how many', align: 'right', cell: ({ count }) => count },
      { head: 'yuan', align: 'right', cell: ({ minor }) => minor },
      { head: '', cell: ({ note }) => note },
    ]),
    verdict(day),
  ].join('\n\n');
}

/** Each fund account's part, where there are several. */
function partRows(
  { fundAccounts }: ThreeWay,
  part: (of: FundAccountFlow) => { readonly count?: number; readonly minor: bigint },
) {
  if (fundAccounts.length < 2) return [];
  return fundAccounts.map((one) => {
    const { count, minor } = part(one);
    const what = `  ${one.kind}${STATEMENT_WORDS[one.statement]}`;
    return { what, count: count === undefined ? '' : String(count), minor: formatYuan(minor), note: '' };
  });
}

/** What moved between the merchant's own fund accounts: it explains itself, and is no refund's. */
function ownRows({ fundAccounts }: ThreeWay) {
  return fundAccounts
    .filter(({ toOwn }) => toOwn.count > 0)
    .map(({ kind, toOwn }) => ({
      ...{ what: `from ${kind} to own fund accounts`, count: String(toOwn.count) },
      ...{ minor: formatYuan(toOwn.minor), note: 'no refunds' },
    }));
}

function stepRows(what: string, { fromMinor, items }: ThreeWayStep) {
  return [
    { what, count: '', minor: formatYuan(fromMinor), note: '' },
    ...items.map((item) => ({
      what: `  ${item.kind}`,
      count: String(item.count),
      minor: `${item.minor > 0n ? '+' : ''}${formatYuan(item.minor)}`,
      note: item.isExplained ? '' : 'unexplained',
    })),
  ];
}

function verdict(day: ThreeWay): string {
  const open = unexplainedMinor(day);
  if (isExplained(day)) return '三方核平 · Every fen is explained.';
  if (open === 0n) return 'Nothing is unexplained; part of it waits for a statement or for its other side.';
  return `${formatYuan(open)} is unexplained: see \`yuanlu breaks list\`.`;
}
