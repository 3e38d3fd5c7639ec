/**
 * The rules for movements, written a second time without sets: loops over arrays, one rule after the other. Only what may
 * differ between rows of a test is looked at.
 */
import type { FlowRow, TradeRow } from './flow-days.ts';

export interface Days {
  readonly [day: string]: { readonly trade: readonly TradeRow[]; readonly flow: readonly FlowRow[] };
}

export interface Line {
  readonly day: string;
  readonly row: TradeRow;
  /** Its place in the day, from 0 on. */
  readonly nth: number;
  readonly refund: bigint;
  readonly fee: bigint;
  readonly feeE5: bigint;
}

export interface Move {
  readonly day: string;
  readonly row: FlowRow;
  readonly role: 1 | 2;
  readonly minor: bigint;
}

export interface NaiveMatch {
  readonly move: Move;
  readonly line: Line;
  readonly pass: number;
  readonly minor: bigint;
  readonly leg: bigint;
  readonly why: string | null;
}

export type Group = 'payment' | 'day' | 'day before';

const LATER = 3;
const EARLIER = 1;
const LAST = '\u{10ffff}';

/** Half a fen goes up, whatever its sign. */
function rounded(e5: bigint): bigint {
  const half = e5 < 0n ? -500n : 500n;
  return (e5 + half) / 1000n;
}

function dayNo(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 86_400_000;
}

export class NaiveMovements {
  readonly matches: NaiveMatch[] = [];
  readonly lines: Line[] = [];
  readonly moves: Move[] = [];
  readonly isKnown: (row: FlowRow) => boolean;

  constructor(days: Days, isKnown: (row: FlowRow) => boolean) {
    this.isKnown = isKnown;
    for (const [day, { trade, flow }] of Object.entries(days)) {
      for (const [nth, row] of trade.entries()) {
        const feeE5 = BigInt(row.feeE5 ?? (row.fee ?? 0) * 1000);
        this.lines.push({
          day,
          row,
          nth,
          refund: BigInt(row.payer ?? row.amount),
          fee: rounded(feeE5),
          feeE5,
        });
      }
      for (const row of flow) {
        const role = row.word === 'refund' ? 1 : row.word === 'fee back' ? 2 : null;
        if (role !== null) this.moves.push({ day, row, role, minor: BigInt(row.amount) });
      }
    }
  }

  run(): void {
    for (const day of new Set([...this.lines, ...this.moves].map((one) => one.day))) {
      // Our number is compared over all rows of the day, the channel's over what that leaves.
      const before = [...this.matches];
      for (const role of [1, 2] as const)
        this.#byNumber('refundNo', 1, role, (one) => one.day === day, before);
      for (const role of [1, 2] as const) {
        const sofar = [...this.matches];
        this.#byNumber('channelRefundNo', 2, role, (one) => one.day === day, sofar);
      }
    }
    for (const role of [2, 1] as const) {
      for (const [column, pass] of [
        ['refundNo', 1],
        ['channelRefundNo', 2],
      ] as const)
        this.#byNumber(column, pass, role, () => true, [...this.matches], true);
      this.#byAmount(role);
      for (const group of ['payment', 'day', 'day before'] as const) this.#bySum(role, group);
    }
  }

  leg(line: Line, role: 1 | 2): bigint {
    return role === 1 ? line.refund : line.fee;
  }

  isOpenMove(move: Move, among = this.matches): boolean {
    return !among.some((one) => one.move === move);
  }

  isOpenLine(line: Line, role: 1 | 2, among = this.matches): boolean {
    return !among.some((one) => one.line === line && one.move.role === role);
  }

  /** The fee of a line that no movement has given back by itself, and that no refund was less by. */
  openFee(line: Line): bigint {
    return this.isOpenLine(line, 2) ? line.fee : 0n;
  }

  /** A line of which something is left to look for beside its day. */
  isLeft(line: Line, role: 1 | 2): boolean {
    if (!this.isOpenLine(line, role)) return false;
    if (role === 1) return line.refund !== 0n;
    const kept = this.matches.some(
      (one) =>
        one.line === line &&
        one.move.role === 1 &&
        one.move.day === line.day &&
        one.pass < 3 &&
        one.minor !== one.leg &&
        one.leg - one.minor === line.fee,
    );
    return line.feeE5 !== 0n && !kept;
  }

  #byNumber(
    column: 'refundNo' | 'channelRefundNo',
    pass: 1 | 2,
    role: 1 | 2,
    isOf: (one: { day: string }) => boolean,
    taken: NaiveMatch[],
    isCross = false,
  ): void {
    const lines = this.lines.filter(
      (line) =>
        isOf(line) &&
        line.row[column] !== undefined &&
        (isCross ? this.isLeft(line, role) : this.isOpenLine(line, role, taken)),
    );
    const moves = this.moves.filter(
      (move) =>
        isOf(move) && move.role === role && move.row[column] !== undefined && this.isOpenMove(move, taken),
    );
    for (const number of new Set(moves.map((move) => move.row[column]))) {
      const itsLines = sorted(
        lines.filter((line) => line.row[column] === number),
        (line) => (isCross ? this.leg(line, role) : line.refund),
      );
      const itsMoves = sorted(
        moves.filter((move) => move.row[column] === number),
        (move) => move.minor,
      );
      for (const [nth, move] of itsMoves.entries()) {
        const line = itsLines[nth];
        if (line === undefined || (isCross && !isWithin(move, line))) continue;
        this.matches.push({ move, line, pass, minor: move.minor, leg: this.leg(line, role), why: null });
      }
    }
  }

  #byAmount(role: 1 | 2): void {
    const fits = this.moves
      .filter((move) => move.role === role && !this.isKnown(move.row) && this.isOpenMove(move))
      .flatMap((move) =>
        this.lines
          .filter(
            (line) =>
              this.isLeft(line, role) &&
              move.row.transactionId !== undefined &&
              isWithin(move, line) &&
              line.row.transactionId === move.row.transactionId &&
              this.leg(line, role) === move.minor,
          )
          .map((line) => ({ move, line })),
      );
    for (const { move, line } of fits) {
      const isOnly = fits.filter((one) => one.move === move || one.line === line).length === 1;
      const why = 'the only line of the payment with this amount';
      if (isOnly) this.matches.push({ move, line, pass: 3, minor: move.minor, leg: move.minor, why });
    }
  }

  /** What a movement could be the sum of: the open lines of its group, if no other open movement could be meant. */
  groupOf(move: Move, group: Group): readonly Line[] {
    const { role } = move;
    const { transactionId: payment, channelRefundNo } = move.row;
    if (this.isKnown(move.row) || !this.isOpenMove(move)) return [];
    if (group === 'payment' ? payment === undefined : payment !== undefined || channelRefundNo !== undefined)
      return [];
    const isRival = (other: Move): boolean =>
      group === 'payment'
        ? other.row.transactionId === payment &&
          Math.abs(dayNo(other.day) - dayNo(move.day)) <= LATER + EARLIER
        : other.row.transactionId === undefined &&
          other.row.channelRefundNo === undefined &&
          other.day === move.day;
    const rivals = this.moves.filter(
      (other) => other !== move && other.role === role && !this.isKnown(other.row) && this.isOpenMove(other),
    );
    if (rivals.some(isRival)) return [];
    return sorted(
      this.lines.filter(
        (line) =>
          this.isLeft(line, role) &&
          (group === 'payment'
            ? line.row.transactionId === payment && isWithin(move, line)
            : dayNo(line.day) === dayNo(move.day) - (group === 'day' ? 0 : 1)),
      ),
      (line) => this.leg(line, role),
    );
  }

  #bySum(role: 1 | 2, group: Group): void {
    const found = this.moves
      .filter((move) => move.role === role)
      .flatMap((move) => {
        const lines = this.groupOf(move, group);
        return lines.length === 0 ? [] : this.#sumOf(move, lines, group);
      });
    this.matches.push(...found);
  }

  #sumOf(move: Move, lines: readonly Line[], group: Group): NaiveMatch[] {
    const { role, minor } = move;
    const legs = lines.reduce((sum, line) => sum + this.leg(line, role), 0n);
    const kept = lines.reduce((sum, line) => sum + (role === 1 ? this.openFee(line) : 0n), 0n);
    const feesE5 = lines.reduce((sum, line) => sum + line.feeE5, 0n);
    const off = minor * 1000n - feesE5;
    const whole = `all open lines of the ${group}`;
    const match = (share: (line: Line, nth: number) => bigint, how: string): NaiveMatch[] =>
      lines.map((line, nth) => ({
        ...{ move, line, pass: group === 'payment' ? 4 : 5, minor: share(line, nth) },
        ...{ leg: this.leg(line, role), why: `${whole}${how}: ${String(lines.length)}` },
      }));
    if (legs === minor) return match((line) => this.leg(line, role), '');
    if (role === 1 && kept !== 0n && legs - kept === minor)
      return match((line) => line.refund - this.openFee(line), ', less the fees kept');
    if (role === 2 && off > -1000n && off < 1000n)
      return match((line, nth) => line.fee + (nth === 0 ? minor - legs : 0n), ', rounded once');
    return [];
  }
}

function isWithin(move: Move, line: Line): boolean {
  const later = dayNo(move.day) - dayNo(line.day);
  return later <= LATER && later >= -EARLIER;
}

/** What else a line says, as the rules order it; movements say nothing else. */
function restOf(one: Line | Move): string[] {
  if ('role' in one) return [];
  return [[one.refund, one.row.amount, -one.feeE5].map(String).join('/')];
}

/** By what the rows say, in the order of the rules. */
function sorted<T extends Line | Move>(rows: readonly T[], minor: (one: T) => bigint): T[] {
  const key = ({ day, row }: T): string[] => [...[day, row.at ?? ('word' in row ? '12:00:01' : '12:00:00')]];
  const rest = (one: T): string[] => [
    one.row.channelRefundNo ?? LAST,
    one.row.refundNo ?? LAST,
    one.row.transactionId ?? LAST,
    ...restOf(one),
  ];
  return [...rows].sort(
    (a, b) => compare(key(a), key(b)) || Number(minor(a) - minor(b)) || compare(rest(a), rest(b)),
  );
}

function compare(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((one, index) => one !== b[index]);
  if (at === -1) return 0;
  return (a[at] ?? '') < (b[at] ?? '') ? -1 : 1;
}

/** The days by the rules. @param isKnown whether a movement names a refund of the books */
export function naiveMovements(days: Days, isKnown: (row: FlowRow) => boolean): NaiveMovements {
  const all = new NaiveMovements(days, isKnown);
  all.run();
  return all;
}

/** As `movementMatches` says it. */
export function saidOf({ move, line, pass, minor, leg, why }: NaiveMatch): string {
  const name = (row: FlowRow | TradeRow): string =>
    row.refundNo ?? row.channelRefundNo ?? row.transactionId ?? '-';
  const reason = why === null ? '' : ` (${why})`;
  return `${move.day} ${name(move.row)} ← ${line.day} ${name(line.row)}, pass ${String(pass)}, role ${String(move.role)}: ${String(minor)} of ${String(leg)}${reason}`;
}
