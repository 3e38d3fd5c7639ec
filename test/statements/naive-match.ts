/**
 * The rules of matching a trade statement, written down without sets and without a database: loops over a few refunds and a few
 * lines, one rule after the other. Given all days at once; what ours makes of them, file by file, has to be this. Left out: our own numbers
 * of payments, other currencies, decisions of people, deliveries that take the place of others.
 */
import type { DuckLine, DuckRefund, Fates } from './duck-match.ts';
import type { ChannelRules } from './match-fates.ts';

type Pass = 1 | 2 | 3;

interface Claim {
  readonly line: DuckLine;
  readonly refund: DuckRefund;
  readonly pass: Pass;
}

const HOUR_MS = 3_600_000;
const WINDOW_MS = 72 * HOUR_MS;
const CLOCKS_DIFFER_MS = 24 * HOUR_MS;
const CLOSED_WORDS: readonly (string | null)[] = ['CLOSED', 'REFUNDCLOSE', 'FAIL'];

/** What both say, and say differently. */
const differ = (one: string | null, other: string | null): boolean =>
  one !== null && other !== null && one !== other;
const same = (one: string | null, other: string | null): boolean => one !== null && one === other;
const ms = (beijing: string): number => Date.parse(`${beijing.replace(' ', 'T')}+08:00`);
const placeOf = (line: DuckLine): string => `${line.bill_date}/${String(line.line_no)}`;

/** The first that is not 0 decides. */
function inOrder(...comparisons: readonly number[]): number {
  return comparisons.find((one) => one !== 0) ?? 0;
}

/** False before true. */
const byTruth = (one: boolean, other: boolean): number => Number(one) - Number(other);
/** By their letters; what is not said comes last. */
function byText(one: string | null, other: string | null): number {
  if (one === other) return 0;
  if (one === null) return 1;
  return other === null || one < other ? -1 : 1;
}

const byContent = (one: DuckLine, other: DuckLine): number =>
  inOrder(
    byText(one.channel_refund_no, other.channel_refund_no),
    byText(one.refund_no, other.refund_no),
    byText(one.transaction_id, other.transaction_id),
    byText(one.status, other.status),
    one.line_no - other.line_no,
  );
const byTime = (one: DuckLine, other: DuckLine): number =>
  inOrder(byText(one.bill_date, other.bill_date), byText(one.occurred_at, other.occurred_at));

class NaiveMatch {
  readonly #refunds: readonly DuckRefund[];
  readonly #lines: readonly DuckLine[];
  readonly #rules: ChannelRules;
  /** The one line of each refund that has one, contradicting ones included. */
  readonly #claims: Claim[] = [];
  readonly #breaks = new Map<DuckLine, string>();
  #loose: DuckLine[] = [];

  constructor(refunds: readonly DuckRefund[], lines: readonly DuckLine[], rules: ChannelRules) {
    this.#refunds = refunds;
    this.#lines = lines;
    this.#rules = rules;
  }

  fates(covered: readonly string[]): Fates {
    this.#oneLineForARefund(this.#named());
    this.#printedAgain();
    this.#byPaymentAndAmount();
    for (const claim of this.#claims) this.#judge(claim);
    const match = new Map(
      this.#claims
        .filter((claim) => !this.#contradicts(claim))
        .map(({ line, refund, pass }) => [line, `${String(refund.id)}@${String(pass)}`]),
    );
    const said = (line: DuckLine): string =>
      [match.get(line), this.#breaks.get(line)].filter((one) => one !== undefined).join('+');
    return {
      lines: new Map(this.#lines.map((line) => [placeOf(line), said(line)])),
      missing: this.#missing(covered),
    };
  }

  /** Our number first; where it names none, the channel's, if no two refunds have it. */
  #named(): readonly Claim[] {
    return this.#lines.flatMap((line): readonly Claim[] => {
      const own = this.#refunds.find((refund) => this.#hasOurNumber(refund, line));
      if (own !== undefined) return [{ line, refund: own, pass: 1 }];
      const [theirs, twin] = this.#refunds.filter((one) =>
        same(one.channel_refund_no, line.channel_refund_no),
      );
      if (theirs !== undefined && twin === undefined) return [{ line, refund: theirs, pass: 2 }];
      this.#loose.push(line);
      return [];
    });
  }

  /** Where a number is a payment's, that payment has to be the line's; unknown, it is taken at the number. */
  #hasOurNumber(refund: DuckRefund, line: DuckLine): boolean {
    if (!same(refund.refund_no, line.refund_no)) return false;
    if (this.#rules.numberWithin === 'account') return true;
    return refund.transaction_id === null || same(refund.transaction_id, line.transaction_id);
  }

  /** The best line has the refund. Another one is the same again, another refund's, or of another payment and free. */
  #oneLineForARefund(claims: readonly Claim[]): void {
    for (const refund of this.#refunds) {
      const [best, ...others] = claims
        .filter((claim) => claim.refund === refund)
        .toSorted((one, other) => this.#better(one, other));
      if (best === undefined) continue;
      this.#claims.push(best);
      for (const claim of others) this.#lose(claim, best.line);
    }
  }

  #better(one: Claim, other: Claim): number {
    return inOrder(
      byTruth(this.#contradicts(one), this.#contradicts(other)),
      one.pass - other.pass,
      byTruth(!this.#agrees(one), !this.#agrees(other)),
      byTime(one.line, other.line),
      one.line.amount_minor - other.line.amount_minor,
      byContent(one.line, other.line),
    );
  }

  #lose({ line, refund, pass }: Claim, best: DuckLine): void {
    const byNumberAlone =
      this.#rules.numberWithin === 'payment' && pass === 1 && refund.transaction_id === null;
    if (byNumberAlone && line.transaction_id !== best.transaction_id) {
      this.#loose.push(line);
      return;
    }
    const sharesNumber =
      same(line.refund_no, best.refund_no) || same(line.channel_refund_no, best.channel_refund_no);
    const isAnother = this.#numbersDiffer(line, refund) && !sharesNumber;
    this.#breaks.set(line, `${isAnother ? 'number_differs' : 'duplicate_line'}(${String(refund.id)})`);
  }

  #numbersDiffer(line: DuckLine, refund: DuckRefund): boolean {
    return (
      differ(line.channel_refund_no, refund.channel_refund_no) ||
      differ(line.transaction_id, refund.transaction_id)
    );
  }

  #agrees({ line, refund }: Claim): boolean {
    return line.amount_minor === refund.amount_minor;
  }

  /** The books have it done, and the line says that it never was. */
  #denies(line: DuckLine, refund: DuckRefund): boolean {
    return refund.state === 'succeeded' && CLOSED_WORDS.includes(line.status);
  }

  /** The line proves nothing about the refund. */
  #contradicts({ line, refund }: Claim): boolean {
    return this.#numbersDiffer(line, refund) || this.#denies(line, refund);
  }

  /** Of lines that name no refund and print the same numbers and amount, all but the first. */
  #printedAgain(): void {
    const first: DuckLine[] = [];
    const sorted = this.#loose.toSorted((one, other) =>
      inOrder(byTime(one, other), byText(one.status, other.status), one.line_no - other.line_no),
    );
    for (const line of sorted) {
      const isNumbered = line.refund_no !== null || line.channel_refund_no !== null;
      const isAgain = first.some(
        (one) =>
          one.refund_no === line.refund_no &&
          one.channel_refund_no === line.channel_refund_no &&
          one.transaction_id === line.transaction_id &&
          one.amount_minor === line.amount_minor,
      );
      if (isNumbered && isAgain) this.#breaks.set(line, 'duplicate_line');
      else first.push(line);
    }
    this.#loose = first;
  }

  /** Nobody guesses: one line that fits one refund that fits no other line. */
  #byPaymentAndAmount(): void {
    const claimed = new Set(this.#claims.map((claim) => claim.refund));
    const free = this.#refunds.filter((refund) => !claimed.has(refund));
    const fits = this.#loose.flatMap((line) =>
      free
        .filter((refund) => this.#couldBe(line, refund))
        .map((refund): Claim => ({ line, refund, pass: 3 })),
    );
    for (const line of this.#loose) {
      const [only, another] = fits.filter((one) => one.line === line);
      if (only === undefined) this.#breaks.set(line, 'missing_in_books');
      else if (another !== undefined || fits.some((one) => one.refund === only.refund && one !== only))
        this.#breaks.set(line, 'ambiguous');
      else this.#claims.push(only);
    }
  }

  #couldBe(line: DuckLine, refund: DuckRefund): boolean {
    const apart = Math.abs(ms(line.occurred_at) - ms(refund.accepted_at ?? refund.requested_at));
    return (
      same(line.transaction_id, refund.transaction_id) &&
      line.amount_minor === refund.amount_minor &&
      apart <= WINDOW_MS &&
      !differ(line.channel_refund_no, refund.channel_refund_no) &&
      !differ(line.refund_no, refund.refund_no)
    );
  }

  #judge(claim: Claim): void {
    const { line, refund } = claim;
    const kind = this.#numbersDiffer(line, refund)
      ? 'number_differs'
      : !this.#agrees(claim)
        ? 'amount_differs'
        : this.#conflicts(line, refund)
          ? 'state_conflict'
          : null;
    if (kind !== null) this.#breaks.set(line, `${kind}(${String(refund.id)})`);
  }

  /** What the line shows cannot have happened to a refund as the books have it. */
  #conflicts(line: DuckLine, refund: DuckRefund): boolean {
    if (this.#denies(line, refund)) return true;
    if (ms(line.occurred_at) < ms(refund.requested_at) - CLOCKS_DIFFER_MS) return true;
    const onlyAcceptance = this.#rules.proves === 'acceptance';
    switch (refund.state) {
      case 'requested':
        return true;
      case 'failed': {
        const closed = refund.state_reason === 'closed';
        if (CLOSED_WORDS.includes(line.status) && (closed || refund.state_reason === null)) return false;
        return !(onlyAcceptance && closed && line.status !== 'SUCCESS');
      }
      case 'needs_action':
        return refund.state_reason === 'abnormal' && (!onlyAcceptance || line.status === 'SUCCESS');
      default:
        return false;
    }
  }

  /** Due on a day of which all is there, and no line is it, nor one that speaks of it and contradicts it. */
  #missing(covered: readonly string[]): readonly number[] {
    const spoken = new Set(
      this.#claims.filter((claim) => !this.#contradicts(claim)).map(({ refund }) => String(refund.id)),
    );
    for (const said of this.#breaks.values()) {
      const about = /^(?:number_differs|state_conflict)\(([0-9]+)\)$/.exec(said)?.[1];
      if (about !== undefined) spoken.add(about);
    }
    return this.#refunds
      .filter((refund) => {
        const due = this.#dueSince(refund);
        return due !== null && covered.includes(this.#dayOf(due)) && !spoken.has(String(refund.id));
      })
      .map(({ id }) => id);
  }

  #dueSince(refund: DuckRefund): string | null {
    if (this.#rules.proves !== 'acceptance') return refund.state === 'succeeded' ? refund.succeeded_at : null;
    const isTaken =
      refund.state === 'processing' ||
      refund.state === 'succeeded' ||
      (refund.state === 'needs_action' && refund.accepted_at !== null);
    return isTaken ? (refund.accepted_at ?? refund.requested_at) : null;
  }

  #dayOf(beijing: string): string {
    return new Date(ms(beijing) + 8 * HOUR_MS + this.#rules.dayEndsEarlyMs).toISOString().slice(0, 10);
  }
}

/** @param covered days of which the bill and that of the day after are there */
export function naiveFates(
  refunds: readonly DuckRefund[],
  lines: readonly DuckLine[],
  covered: readonly string[],
  rules: ChannelRules,
): Fates {
  return new NaiveMatch(refunds, lines, rules).fates(covered);
}
