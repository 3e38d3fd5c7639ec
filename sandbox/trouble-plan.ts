/**
 * Who is to meet which trouble, and a record of what really happened to whom. Each channel has troubles of its own; what
 * is the same for all is said here.
 */

import { refill, refillList } from './refill.ts';

/** A trouble of one refund. */
export interface AnyRefundTrouble {
  readonly kind: string;
  /** How often it happens before things go right. */
  readonly times?: number;
}

/** Troubles of a whole day of a merchant. */
export type DayTrouble =
  /** The statements of the day are made `hours` (default 6) later than usual; with `untilMet` none before somebody asked for it in vain. */
  { readonly kind: 'bill_late'; readonly hours?: number; readonly untilMet?: boolean };

/** A planned trouble and how far it went. */
export interface TroubleView<T extends AnyRefundTrouble> {
  readonly trouble: T | DayTrouble;
  /** The refund; null while a trouble for "the next ones" has not met anybody, and for a day's trouble. */
  readonly refundNo: string | null;
  readonly merchantNo: string | null;
  readonly billDate: string | null;
  /** What was really done, in order. Empty: not met yet. */
  readonly applied: readonly { readonly at: Date; readonly what: string }[];
}

interface Planned<T extends AnyRefundTrouble> {
  trouble: T | DayTrouble;
  refundNo: string | null;
  merchantNo: string | null;
  billDate: string | null;
  /** How often it still happens; infinite for troubles that are a fact and not an event. */
  left: number;
  applied: { at: Date; what: string }[];
}

export interface KeptPlan<T extends AnyRefundTrouble> {
  readonly all: readonly Planned<T>[];
  readonly byRefund: ReadonlyMap<string, Planned<T>[]>;
  readonly next: readonly Planned<T>[];
}

type KindOf<T extends AnyRefundTrouble, K extends T['kind']> = Extract<T, { kind: K }>;

/** What the plan needs to know about a channel's kinds of trouble. */
export interface TroubleRules<T extends AnyRefundTrouble> {
  /** Kinds that are events and happen once unless `times` says otherwise. The others hold for good. */
  readonly once: ReadonlySet<T['kind']>;
  /** Kinds that wait, where no `times` is given, for money on the merchant's balance. */
  readonly untilToppedUp: ReadonlySet<T['kind']>;
}

const LATE_HOURS = 6;

export class TroublePlan<T extends AnyRefundTrouble> {
  readonly #rules: TroubleRules<T>;
  readonly #now: () => Date;
  readonly #all: Planned<T>[] = [];
  readonly #byRefund = new Map<string, Planned<T>[]>();
  readonly #next: Planned<T>[] = [];

  constructor(rules: TroubleRules<T>, now: () => Date) {
    this.#rules = rules;
    this.#now = now;
  }

  snapshot(): KeptPlan<T> {
    return { all: this.#all, byRefund: this.#byRefund, next: this.#next };
  }

  restore(kept: KeptPlan<T>): void {
    refillList(this.#all, kept.all);
    refill(this.#byRefund, kept.byRefund);
    refillList(this.#next, kept.next);
  }

  /** Plans trouble for a refund number, before it is first sent (bill troubles: before its bill is made). */
  forRefund(refundNo: string, trouble: T): void {
    const planned = this.#add({ trouble, refundNo });
    this.#byRefund.set(refundNo, [...(this.#byRefund.get(refundNo) ?? []), planned]);
  }

  /** Plans trouble for the next `count` refund numbers that are new and have none planned of their own. */
  forNext(count: number, trouble: T): void {
    for (let index = 0; index < count; index += 1) this.#next.push(this.#add({ trouble }));
  }

  /** Plans trouble for the bills of a merchant's day (`yyyy-mm-dd`, Beijing). */
  forDay(merchantNo: string, billDate: string, trouble: DayTrouble): void {
    this.#add({ trouble, merchantNo, billDate });
  }

  /**
   * Forgets all that was planned, and the record of it. What has been decided about a refund stays decided; numbers that
   * were met stay known. Returns how many troubles there were.
   */
  clear(): number {
    const count = this.#all.length;
    this.#all.length = 0;
    this.#next.length = 0;
    for (const refundNo of this.#byRefund.keys()) this.#byRefund.set(refundNo, []);
    return count;
  }

  list(): readonly TroubleView<T>[] {
    return this.#all.map(({ trouble, refundNo, merchantNo, billDate, applied }) => ({
      ...{ trouble, refundNo, merchantNo, billDate },
      applied: [...applied],
    }));
  }

  /** A number is seen for the first time: without a trouble of its own it gets one that waits for "the next". */
  meet(refundNo: string): void {
    if (this.#byRefund.has(refundNo)) return;
    const waiting = this.#next.shift();
    this.#byRefund.set(refundNo, waiting === undefined ? [] : [waiting]);
    if (waiting !== undefined) waiting.refundNo = refundNo;
  }

  /** The refund's trouble of this kind, if it has one that is not used up. Does not use it. */
  of<K extends T['kind']>(refundNo: string, ...kinds: readonly K[]): KindOf<T, K> | undefined {
    return this.#find(refundNo, kinds)?.trouble as KindOf<T, K> | undefined;
  }

  /** Uses the refund's trouble of this kind once and notes what was done. */
  use<K extends T['kind']>(refundNo: string, what: string, ...kinds: readonly K[]): KindOf<T, K> | undefined {
    const planned = this.#find(refundNo, kinds);
    if (planned === undefined) return undefined;
    planned.left -= 1;
    planned.applied.push({ at: this.#now(), what });
    return planned.trouble as KindOf<T, K>;
  }

  /** Adds to the record of a trouble, whether it is used up or not. */
  note(refundNo: string, kind: T['kind'], what: string): void {
    const planned = this.#byRefund.get(refundNo)?.find((one) => one.trouble.kind === kind);
    planned?.applied.push({ at: this.#now(), what });
  }

  /** Balances are mended: troubles that waited for it are over. */
  toppedUp(): void {
    for (const one of this.#all) {
      if (
        isOf(this.#rules.untilToppedUp, one.trouble) &&
        timesOf(one.trouble) === undefined &&
        one.applied.length > 0
      ) {
        one.left = 0;
      }
    }
  }

  /** How many hours later than usual the bills of the day are made. */
  lateHours(merchantNo: string, billDate: string): number {
    const late = this.#all.filter((one) => one.merchantNo === merchantNo && one.billDate === billDate);
    return late.reduce(
      (most, { trouble }) => Math.max(most, isDayTrouble(trouble) ? (trouble.hours ?? LATE_HOURS) : 0),
      0,
    );
  }

  /** Whether this bill of the day is late until somebody has met that, and nobody has. */
  waitsToBeMet(merchantNo: string, billDate: string, bill: string): boolean {
    return this.#all.some(
      (one) =>
        one.merchantNo === merchantNo &&
        one.billDate === billDate &&
        isDayTrouble(one.trouble) &&
        one.trouble.untilMet === true &&
        one.applied.every(({ what }) => what !== notMadeYet(bill)),
    );
  }

  /** Whether this happened to the refund. */
  hasMet(refundNo: string, kind: T['kind'], what: string): boolean {
    const planned = this.#byRefund.get(refundNo)?.find((one) => one.trouble.kind === kind);
    return planned?.applied.some((one) => one.what === what) ?? false;
  }

  /** Somebody asked in vain for this bill of the day, which usually is there by then. */
  noteLate(merchantNo: string, billDate: string, bill: string): void {
    for (const one of this.#all) {
      if (one.merchantNo === merchantNo && one.billDate === billDate)
        one.applied.push({ at: this.#now(), what: notMadeYet(bill) });
    }
  }

  #find(refundNo: string, kinds: readonly string[]): Planned<T> | undefined {
    return this.#byRefund.get(refundNo)?.find((one) => one.left > 0 && kinds.includes(one.trouble.kind));
  }

  #add(o: Pick<Planned<T>, 'trouble'> & Partial<Planned<T>>): Planned<T> {
    const left = timesOf(o.trouble) ?? (isOf(this.#rules.once, o.trouble) ? 1 : Number.POSITIVE_INFINITY);
    const planned: Planned<T> = { refundNo: null, merchantNo: null, billDate: null, left, applied: [], ...o };
    this.#all.push(planned);
    return planned;
  }
}

/** What the record of a late day says of one of its bills: `trade`, or in the channel's word the account whose movements it shows. */
export function notMadeYet(bill: string): string {
  return `not made yet: ${bill}`;
}

/** Whether the trouble is one of a day, not of a refund. */
export function isDayTrouble(trouble: AnyRefundTrouble | DayTrouble): trouble is DayTrouble {
  return trouble.kind === 'bill_late';
}

function timesOf(trouble: AnyRefundTrouble | DayTrouble): number | undefined {
  return 'times' in trouble ? trouble.times : undefined;
}

function isOf(kinds: ReadonlySet<string>, trouble: { readonly kind: string }): boolean {
  return kinds.has(trouble.kind);
}
