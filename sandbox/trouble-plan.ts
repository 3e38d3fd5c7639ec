/** Who is to meet which trouble, and a record of what really happened to whom. */
import type { DayTrouble, RefundTrouble, Trouble } from './troubles.ts';

/** A planned trouble and how far it went. */
export interface TroubleView {
  readonly trouble: Trouble;
  /** The refund; null while a trouble for "the next ones" has not met anybody, and for a day's trouble. */
  readonly outRefundNo: string | null;
  readonly mchid: string | null;
  readonly billDate: string | null;
  /** What was really done, in order. Empty: not met yet. */
  readonly applied: readonly { readonly at: Date; readonly what: string }[];
}

interface Planned {
  trouble: Trouble;
  outRefundNo: string | null;
  mchid: string | null;
  billDate: string | null;
  /** How often it still happens; infinite for troubles that are a fact and not an event. */
  left: number;
  applied: { at: Date; what: string }[];
}

type KindOf<K extends RefundTrouble['kind']> = Extract<RefundTrouble, { kind: K }>;

/** Kinds that are events and happen once unless `times` says otherwise. The others hold for good. */
const ONCE: ReadonlySet<Trouble['kind']> = new Set<Trouble['kind']>([
  'lost_answer',
  'error_5xx',
  'slow',
  'wrong_signature',
  'probe',
  'late_visible',
  'frequency_limited',
  'callback_twice',
  'callback_out_of_order',
  'callback_forged',
  'callback_probe',
]);

export class TroublePlan {
  readonly #now: () => Date;
  readonly #all: Planned[] = [];
  readonly #byRefund = new Map<string, Planned[]>();
  readonly #next: Planned[] = [];

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Plans trouble for a refund number, before it is first sent (bill troubles: before its bill is made). */
  forRefund(outRefundNo: string, trouble: RefundTrouble): void {
    const planned = this.#add({ trouble, outRefundNo });
    this.#byRefund.set(outRefundNo, [...(this.#byRefund.get(outRefundNo) ?? []), planned]);
  }

  /** Plans trouble for the next `count` refund numbers that are new and have none planned of their own. */
  forNext(count: number, trouble: RefundTrouble): void {
    for (let index = 0; index < count; index += 1) this.#next.push(this.#add({ trouble }));
  }

  /** Plans trouble for the bills of a merchant's day (`yyyy-mm-dd`, Beijing). */
  forDay(mchid: string, billDate: string, trouble: DayTrouble): void {
    this.#add({ trouble, mchid, billDate });
  }

  /**
   * Forgets all that was planned, and the record of it. What has been decided about a refund stays decided; numbers that
   * were met stay known. Returns how many troubles there were.
   */
  clear(): number {
    const count = this.#all.length;
    this.#all.length = 0;
    this.#next.length = 0;
    for (const outRefundNo of this.#byRefund.keys()) this.#byRefund.set(outRefundNo, []);
    return count;
  }

  list(): readonly TroubleView[] {
    return this.#all.map(({ trouble, outRefundNo, mchid, billDate, applied }) => ({
      ...{ trouble, outRefundNo, mchid, billDate },
      applied: [...applied],
    }));
  }

  /** A number is seen for the first time: without a trouble of its own it gets one that waits for "the next". */
  meet(outRefundNo: string): void {
    if (this.#byRefund.has(outRefundNo)) return;
    const waiting = this.#next.shift();
    this.#byRefund.set(outRefundNo, waiting === undefined ? [] : [waiting]);
    if (waiting !== undefined) waiting.outRefundNo = outRefundNo;
  }

  /** The refund's trouble of this kind, if it has one that is not used up. Does not use it. */
  of<K extends RefundTrouble['kind']>(outRefundNo: string, ...kinds: readonly K[]): KindOf<K> | undefined {
    return this.#find(outRefundNo, kinds)?.trouble as KindOf<K> | undefined;
  }

  /** Uses the refund's trouble of this kind once and notes what was done. */
  use<K extends RefundTrouble['kind']>(
    outRefundNo: string,
    what: string,
    ...kinds: readonly K[]
  ): KindOf<K> | undefined {
    const planned = this.#find(outRefundNo, kinds);
    if (planned === undefined) return undefined;
    planned.left -= 1;
    planned.applied.push({ at: this.#now(), what });
    return planned.trouble as KindOf<K>;
  }

  /** Adds to the record of a trouble, whether it is used up or not. */
  note(outRefundNo: string, kind: RefundTrouble['kind'], what: string): void {
    const planned = this.#byRefund.get(outRefundNo)?.find((one) => one.trouble.kind === kind);
    planned?.applied.push({ at: this.#now(), what });
  }

  /** Balances are mended: troubles that waited for it are over. */
  toppedUp(): void {
    for (const one of this.#all) {
      if (one.trouble.kind === 'not_enough' && one.trouble.times === undefined && one.applied.length > 0) {
        one.left = 0;
      }
    }
  }

  /** How many hours later than usual the bills of the day are made. */
  lateHours(mchid: string, billDate: string): number {
    const late = this.#all.filter((one) => one.mchid === mchid && one.billDate === billDate);
    return late.reduce(
      (most, { trouble }) => Math.max(most, trouble.kind === 'bill_late' ? (trouble.hours ?? 6) : 0),
      0,
    );
  }

  noteDay(mchid: string, billDate: string, what: string): void {
    for (const one of this.#all) {
      if (one.mchid === mchid && one.billDate === billDate) one.applied.push({ at: this.#now(), what });
    }
  }

  #find(outRefundNo: string, kinds: readonly string[]): Planned | undefined {
    return this.#byRefund.get(outRefundNo)?.find((one) => one.left > 0 && kinds.includes(one.trouble.kind));
  }

  #add(o: Pick<Planned, 'trouble'> & Partial<Planned>): Planned {
    const given = 'times' in o.trouble ? o.trouble.times : undefined;
    const left = given ?? (ONCE.has(o.trouble.kind) ? 1 : Number.POSITIVE_INFINITY);
    const planned: Planned = { outRefundNo: null, mchid: null, billDate: null, left, applied: [], ...o };
    this.#all.push(planned);
    return planned;
  }
}
