/**
 * The rules for what is left over of movements, written a second time without sets: which differences somebody has to look into,
 * once the statements of all days around are there. What the books make of the lines themselves is not judged a second time here:
 * that is compared with another naive matcher (naive-match.ts).
 */
import type { FlowRow, TradeRow } from './flow-days.ts';
import type { Days, Line, Move, NaiveMatch, NaiveMovements } from './naive-movements.ts';

/** What the books make of a line of the trade statement. */
export interface LineInBooks {
  /** The refund that it is matched to. */
  readonly refundNo: string | null;
  /** Its amount is another than the refund's: one difference, whatever movement it is compared with. */
  readonly differs: boolean;
}

/** Of a line, by its day and its place in it. */
export type Books = (day: string, nth: number) => LineInBooks;

interface Found {
  readonly kind: string;
  readonly day: string;
  readonly name: string;
  readonly amount: bigint;
  readonly expected?: bigint;
}

const ROLES = [1, 2] as const;
const DIFFERS = { 1: 'amount_differs', 2: 'fee_differs' } as const;

class Findings {
  readonly #all: NaiveMovements;
  readonly #books: Books;
  readonly #matched: ReadonlySet<string | null>;

  constructor(all: NaiveMovements, books: Books) {
    this.#all = all;
    this.#books = books;
    this.#matched = new Set(all.lines.map(({ day, nth }) => books(day, nth).refundNo));
  }

  /** Lines for which nothing left the account. */
  ofLines(): Found[] {
    return this.#all.lines.flatMap((line) =>
      ROLES.filter((role) => this.#isMissed(line, role)).map((role): Found => {
        const { day, row, nth } = line;
        const name = this.#books(day, nth).refundNo ?? nameOf(row);
        const leg = this.#all.leg(line, role);
        return role === 1
          ? { kind: 'missing_in_fund_flow', day, name, amount: leg }
          : { kind: 'fee_differs', day, name, amount: 0n, expected: leg };
      }),
    );
  }

  #isMissed(line: Line, role: 1 | 2): boolean {
    if (!this.#all.isLeft(line, role) || this.#all.leg(line, role) === 0n) return false;
    const keptLater = this.#all.matches.some(
      (one) => one.line === line && one.move.role === 1 && !isOfOneDay(one) && this.#explained(one) !== 0n,
    );
    if (role === 2 && keptLater) return false;
    return !this.#all.moves.some((move) => move.role === role && this.#near(move).includes(line));
  }

  /** Movements that are nearly the sum of open lines. */
  #near(move: Move): readonly Line[] {
    return [...this.#all.groupOf(move, 'payment'), ...this.#all.groupOf(move, 'day')];
  }

  /** Movements for which no line says why. */
  ofMoves(): Found[] {
    return this.#all.moves
      .filter((move) => this.#all.isOpenMove(move))
      .flatMap((move) => {
        const { day, row, role, minor: amount } = move;
        const found = { day, name: nameOf(row), amount };
        const near = this.#near(move);
        if (near.length > 0) {
          const expected = near.reduce((sum, line) => sum + this.#all.leg(line, role), 0n);
          return [{ ...found, kind: DIFFERS[role], expected }];
        }
        const kind = this.#kindOf(move);
        return kind === null ? [] : [{ ...found, kind }];
      });
  }

  #kindOf(move: Move): string | null {
    const { row, role, day } = move;
    const isKnown = this.#all.isKnown(row);
    if (!isKnown && this.#couldBeOther(move)) return 'ambiguous';
    if (role === 1) return isKnown ? this.#withoutLine(row) : 'missing_in_books';
    // The fee of a refund that no line shows is no second difference.
    const follows = this.#all.moves.some(
      (other) =>
        other.role === 1 &&
        other.day === day &&
        other.row.refundNo === row.refundNo &&
        this.#all.isOpenMove(other) &&
        this.#withoutLine(other.row) === 'missing_in_trade',
    );
    return isKnown && follows ? null : 'fee_differs';
  }

  /** Of a refund that a line shows, it left the account twice. */
  #withoutLine(row: FlowRow): string {
    return this.#matched.has(row.refundNo ?? '') ? 'duplicate_line' : 'missing_in_trade';
  }

  #couldBeOther({ row, role, day }: Move): boolean {
    const { transactionId, channelRefundNo } = row;
    return this.#all.lines.some(
      (line) =>
        this.#all.isLeft(line, role) &&
        (transactionId === undefined
          ? channelRefundNo === undefined && line.day === day
          : line.row.transactionId === transactionId),
    );
  }

  /** Movements that were given to a line and are worth something else. */
  ofMatches(): Found[] {
    return this.#all.matches.flatMap((one) => {
      const { line, move, minor, leg } = one;
      const books = this.#books(line.day, line.nth);
      if (books.differs || minor === leg - this.#explained(one)) return [];
      const name = books.refundNo ?? nameOf(move.row);
      return [{ kind: DIFFERS[move.role], day: move.day, name, amount: minor, expected: leg }];
    });
  }

  /** How much of the difference is no difference: a fee that was kept, or rounded. */
  #explained(one: NaiveMatch): bigint {
    const { line, move, minor, leg } = one;
    if (one.pass > 3) return leg - minor;
    if (one.pass === 3) return 0n;
    const off = minor * 1000n - line.feeE5;
    const isExplained =
      move.role === 2 ? off > -1000n && off < 1000n : leg - minor === this.#feeNotGivenBack(one);
    return isExplained ? leg - minor : 0n;
  }

  #feeNotGivenBack(of: NaiveMatch): bigint {
    if (!isOfOneDay(of)) return this.#all.openFee(of.line);
    const isBack = this.#all.matches.some(
      (one) => one.line === of.line && one.move.role === 2 && isOfOneDay(one),
    );
    return isBack ? 0n : of.line.fee;
  }
}

/** Found by comparing the day with itself, before it is compared with others. */
function isOfOneDay({ move, line, pass }: NaiveMatch): boolean {
  return move.day === line.day && pass < 3;
}

function nameOf(row: FlowRow | TradeRow): string {
  return row.refundNo ?? row.channelRefundNo ?? row.transactionId ?? '-';
}

/** Money that came back is of a refund that nobody knows; of one that is under way it is waited for what the channel says. */
function ofMoneyBack(days: Days, isKnown: (row: FlowRow) => boolean): Found[] {
  return Object.entries(days).flatMap(([day, { flow }]) =>
    flow
      .filter((row) => row.word === 'closed' && !isKnown(row))
      .map((row) => ({ kind: 'missing_in_books', day, name: nameOf(row), amount: BigInt(row.amount) })),
  );
}

/** All differences by the rules, as `flowBreaks` says them, in order. */
export function naiveBreaks(days: Days, all: NaiveMovements, books: Books): string[] {
  const findings = new Findings(all, books);
  return [
    ...findings.ofLines(),
    ...findings.ofMoves(),
    ...findings.ofMatches(),
    ...ofMoneyBack(days, all.isKnown),
  ]
    .map(({ kind, day, name, amount, expected }) =>
      [kind, day, name, `${String(amount)}/${expected === undefined ? '-' : String(expected)}`].join(' '),
    )
    .sort();
}
