/** A day of an account three ways, from the statements that are live and what matching has made of them. */
import type { MovementWord } from '../domain/statement/movement.ts';
import { MOVEMENT_ROLES } from '../domain/statement/movement.ts';
import type { FundFlowKind, StatementKind } from '../domain/statement/statement.ts';
import { FUND_FLOW_KINDS } from '../domain/statement/statement.ts';
import type {
  CountedMinor,
  FlowTotals,
  FundAccountFlow,
  SideStatement,
  ThreeWay,
  ThreeWayItem,
} from '../domain/statement/three-way.ts';
import { stepOf } from '../domain/statement/three-way.ts';
import type { LineRule } from './match-missing.ts';
import { DUE_SINCE } from './match-missing.ts';
import type { Db } from './pool.ts';
import { threeWaySql } from './three-way-sql.ts';

export interface ThreeWayQuestion {
  readonly accountId: string;
  /** yyyy-mm-dd, Beijing. */
  readonly billDate: string;
  /** How the channel words movements of refunds; none where it has no fund-flow statement. */
  readonly words: readonly MovementWord[];
  /** The statements that the account has each day. */
  readonly kinds: readonly StatementKind[];
  /** What a line of the trade statement proves, and so on which day the books expect it. */
  readonly line: LineRule;
}

interface Row {
  readonly step: string;
  readonly kind: string;
  readonly explained: boolean;
  readonly count: bigint;
  readonly minor: bigint | null;
}

/**
 * The day three ways. It always adds up: every difference is among the items of its step.
 * @throws AppError `invariant_broken` should it not
 */
export async function threeWayOf(db: Db, question: ThreeWayQuestion): Promise<ThreeWay> {
  const { accountId, billDate, words, line } = question;
  const { rows } = await db.query<Row>(threeWaySql(DUE_SINCE[line.proves], line.dayEndsEarlyMs), [
    ...[accountId, billDate, words.map(({ word }) => word), words.map(({ direction }) => direction)],
    words.map(({ role }) => MOVEMENT_ROLES.indexOf(role) + 1),
  ]);
  return new Day(question, rows).summary();
}

/** Whether the account is one of the merchant's. */
export async function isAccountOf(db: Db, accountId: string, merchantId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    'select from yuanlu.channel_accounts where id = $1 and merchant_id = $2',
    [accountId, merchantId],
  );
  return rowCount === 1;
}

class Day {
  readonly #question: ThreeWayQuestion;
  readonly #rows: readonly Row[];

  constructor(question: ThreeWayQuestion, rows: readonly Row[]) {
    this.#question = question;
    this.#rows = rows;
  }

  summary(): ThreeWay {
    const { accountId, billDate } = this.#question;
    const [books, trade, payer, fee] = [
      this.#total('books'),
      this.#total('trade'),
      this.#total('payer'),
      this.#total('fee'),
    ];
    const isClearing = this.#question.words.length === 0;
    const fundAccounts = isClearing ? [] : this.#fundAccounts();
    const cleared = { ...payer, feeMinor: fee.minor, backMinor: 0n, backFeeMinor: 0n };
    const out = isClearing ? cleared : together(fundAccounts);
    return {
      ...{ accountId, billDate },
      statements: { trade: this.#side('trade'), fundFlow: isClearing ? 'clearing' : sideOf(fundAccounts) },
      books,
      trade: { ...trade, payerMinor: payer.minor, feeMinor: fee.minor },
      fundFlow: out,
      fundAccounts,
      booksToTrade: stepOf('books to trade', books.minor, trade.minor, this.#items('booksToTrade')),
      tradeToFundFlow: stepOf('trade to fund flow', trade.minor, out.minor, [
        ...this.#compared('tradeToFundFlow', payer.minor, out.minor),
      ]),
      fees: stepOf('fees', fee.minor, out.feeMinor, this.#compared('fees', fee.minor, out.feeMinor)),
      givenBack: stepOf('given back', 0n, out.backMinor, this.#compared('givenBack', 0n, out.backMinor)),
    };
  }

  /** Those that are expected, and what is there besides. */
  #fundAccounts(): readonly FundAccountFlow[] {
    const { kinds } = this.#question;
    return FUND_FLOW_KINDS.filter((kind) => kinds.includes(kind) || this.#is(kind)).map((kind) => {
      const [out, feeBack, back, backFee] = ['move1', 'move2', 'move3', 'move4'].map((role) =>
        this.#total(role, kind),
      ) as [CountedMinor, CountedMinor, CountedMinor, CountedMinor];
      return {
        ...{ kind, statement: this.#side(kind), ...out },
        ...{ feeMinor: feeBack.minor, backMinor: back.minor, backFeeMinor: backFee.minor },
        ...{ toOwn: this.#total('to_own', kind), fromOwn: this.#total('from_own', kind) },
      };
    });
  }

  /** Until the deliveries that are live have been compared, all that differs waits. */
  #compared(step: string, fromMinor: bigint, toMinor: bigint): readonly ThreeWayItem[] {
    const items = this.#items(step);
    if (this.#is('compared')) return items;
    const known = items.filter(({ kind }) => kind === 'discount');
    if (fromMinor === toMinor) return known;
    return [...known, { kind: 'waiting', isExplained: true, count: 0, minor: toMinor - fromMinor }];
  }

  #side(kind: StatementKind): Exclude<SideStatement, 'clearing'> {
    if (!this.#is(kind)) return 'missing';
    return this.#is(`${kind}_lines`) ? 'loaded' : 'empty';
  }

  #is(kind: string): boolean {
    return this.#rows.some((row) => row.step === 'there' && row.kind === kind && row.explained);
  }

  #total(kind: string, step: FundFlowKind | 'total' = 'total'): CountedMinor {
    const row = this.#rows.find((one) => one.step === step && one.kind === kind);
    return { count: Number(row?.count ?? 0n), minor: row?.minor ?? 0n };
  }

  /** In the order of the alphabet; a kind that two rules find is one item. */
  #items(step: string): readonly ThreeWayItem[] {
    const rows = this.#rows.filter((row) => row.step === step && row.count > 0n);
    return [...new Set(rows.map(({ kind }) => kind))].sort().map((kind) => {
      const of = rows.filter((row) => row.kind === kind);
      return {
        kind: kind as ThreeWayItem['kind'],
        isExplained: of.every(({ explained }) => explained),
        count: of.reduce((sum, { count }) => sum + Number(count), 0),
        minor: of.reduce((sum, { minor }) => sum + (minor ?? 0n), 0n),
      };
    });
  }
}

function together(accounts: readonly FundAccountFlow[]): FlowTotals {
  const sum = (of: (one: FundAccountFlow) => bigint): bigint =>
    accounts.reduce((total, one) => total + of(one), 0n);
  return {
    count: accounts.reduce((total, { count }) => total + count, 0),
    ...{ minor: sum(({ minor }) => minor), feeMinor: sum(({ feeMinor }) => feeMinor) },
    ...{
      backMinor: sum(({ backMinor }) => backMinor),
      backFeeMinor: sum(({ backFeeMinor }) => backFeeMinor),
    },
  };
}

/** Missing as long as any of them is. */
function sideOf(accounts: readonly FundAccountFlow[]): SideStatement {
  const [missing, loaded] = (['missing', 'loaded'] as const).map((state) =>
    accounts.some(({ statement }) => statement === state),
  );
  if (missing === true || accounts.length === 0) return 'missing';
  return loaded === true ? 'loaded' : 'empty';
}
