/**
 * Whether a day of an account can be closed: a checklist, worked out from facts alone. A day is closed when the channel, its
 * statement and the books agree to the fen, and what does not agree is accepted by people, one by one, with reasons.
 */
import type { BreakKind } from '../statement/break.ts';
import { isFundFlow } from '../statement/statement.ts';
import type { StatementKind, StatementTotals } from '../statement/statement.ts';
import { addDays, beijingInstant } from '../time/plain-date.ts';
import type { PlainDate } from '../time/plain-date.ts';

/** In the order in which a person works through them. */
export const CHECKS = [
  /** The Beijing day has ended, and the channel has had the time to make its statement. */
  'day_over',
  /** Each kind of statement that the channel makes is loaded, or known to be empty. */
  'statement_there',
  'statement_matched',
  /**
   * The day after is there and matched, too, each kind of it: channels print a refund in the bill of its day or of a day beside
   * it, and book its money on its day or on a day beside it.
   */
  'statement_final',
  /** What the statement says it adds up to is what its lines add up to. */
  'totals_agree',
  /** Each refund line is matched, or somebody was asked about it: counts and sums, to the fen. */
  'lines_accounted',
  /** No row was set aside that nobody has explained. */
  'nothing_set_aside',
  /** No break about the lines or refunds of the day is open that nobody has accepted. */
  'no_open_break',
] as const;

export type Check = (typeof CHECKS)[number];

export interface CheckResult {
  readonly check: Check;
  readonly ok: boolean;
  /** What is the case, one sentence for each thing that stands in the way; what was looked at where nothing does. */
  readonly says: readonly string[];
}

/** What people may accept at once. The facts name as many open breaks; further ones are only counted. */
export const ACCEPTED_MAX = 200;

export interface CountAndSum {
  readonly lines: number;
  readonly minor: bigint;
}

export interface DayStatement {
  readonly id: string;
  readonly kind: StatementKind;
  readonly part: string;
  readonly revision: number;
  readonly status: 'loaded' | 'empty';
  /** Of the unpacked bytes; null for a day on which nothing happened. */
  readonly sha256: string | null;
  readonly lines: number;
  readonly setAside: number;
  readonly totals: { readonly declared: StatementTotals; readonly computed: StatementTotals };
  readonly matched: boolean;
  /** Its refund lines, and what became of them: matched, or left over with a break that says why. */
  readonly refunds: CountAndSum;
  readonly refundsMatched: CountAndSum;
  readonly refundsLeftOver: CountAndSum;
}

export interface OpenBreak {
  readonly id: string;
  readonly kind: BreakKind;
  readonly refundNo: string | null;
  /** Statement and line; null for a refund that no statement shows. */
  readonly line: string | null;
}

export interface DayFacts {
  readonly accountId: string;
  readonly billDate: PlainDate;
  readonly now: Date;
  /** What the channel makes of each day, and how long after midnight it has. */
  readonly expected: { readonly kinds: readonly StatementKind[]; readonly readyAfterMs: number };
  readonly statements: readonly DayStatement[];
  /** Why the newest delivery of a kind that has none was refused. */
  readonly refused: readonly { readonly kind: StatementKind; readonly code: string }[];
  /** The kinds of statement of the day after that are there; matched when each file of the kind is. */
  readonly dayAfter: readonly { readonly kind: StatementKind; readonly matched: boolean }[];
  /** The first {@link ACCEPTED_MAX} of them, by number. */
  readonly openBreaks: readonly OpenBreak[];
  readonly openBreaksCount: number;
}

/** What people accept of a day, each with why: breaks by their number, rows that were set aside by their statement. */
export interface Accepted {
  readonly breaks: ReadonlyMap<string, string>;
  readonly setAside: ReadonlyMap<string, string>;
}

export const NOTHING_ACCEPTED: Accepted = { breaks: new Map(), setAside: new Map() };

export interface Checklist {
  readonly closable: boolean;
  readonly checks: readonly CheckResult[];
  /** Accepted, and not there to be accepted: whoever wrote it has something else in mind. */
  readonly acceptedInVain: readonly string[];
}

export function checklistOf(facts: DayFacts, accepted: Accepted): Checklist {
  const checks = CHECKS.map((check): CheckResult => {
    const { ok, says } = LOOKS[check](facts, accepted);
    return { check, ok, says };
  });
  const acceptedInVain = inVain(facts, accepted);
  return { closable: checks.every(({ ok }) => ok) && acceptedInVain.length === 0, checks, acceptedInVain };
}

/** What stands in the way, a sentence each. */
export function obstacles({ checks, acceptedInVain }: Checklist): readonly string[] {
  return [
    ...checks.filter(({ ok }) => !ok).flatMap(({ check, says }) => says.map((one) => `${check}: ${one}`)),
    ...acceptedInVain.map((what) => `accepted: ${what} is not there to be accepted`),
  ];
}

interface Look {
  readonly ok: boolean;
  readonly says: readonly string[];
}

/** Fine when there is nothing to complain of. */
function look(complaints: readonly string[], fine: string): Look {
  return { ok: complaints.length === 0, says: complaints.length === 0 ? [fine] : complaints };
}

const LOOKS: Readonly<Record<Check, (facts: DayFacts, accepted: Accepted) => Look>> = {
  day_over: ({ billDate, now, expected }) => {
    const madeAtMs = beijingInstant(addDays(billDate, 1)).getTime() + expected.readyAfterMs;
    const over = now.getTime() >= madeAtMs;
    return look(
      over ? [] : [`the statement of ${billDate} is made on ${addDays(billDate, 1)}`],
      'the day has ended, and its statement can be there',
    );
  },
  statement_there: (facts) =>
    look(
      facts.expected.kinds.filter((kind) => !isThere(facts, kind)).map((kind) => missing(facts, kind)),
      facts.statements.map(nameOf).join(', '),
    ),
  statement_matched: ({ statements }) =>
    look(
      statements.filter(({ matched }) => !matched).map((one) => `${nameOf(one)} is not matched yet`),
      'each statement is matched',
    ),
  statement_final: (facts) =>
    look(
      facts.expected.kinds.flatMap((kind) => notFinal(facts, kind)),
      `${facts.expected.kinds.join(' and ')} of ${addDays(facts.billDate, 1)} are there and matched`,
    ),
  totals_agree: ({ statements }) =>
    look(statements.flatMap(differingTotals), 'what the statements declare is what their lines add up to'),
  lines_accounted: ({ statements }) =>
    look(
      statements.filter((one) => !isAccounted(one)).map(unaccounted),
      `${String(sum(statements))} refund lines are matched or left over with a break`,
    ),
  nothing_set_aside: ({ statements }, { setAside }) =>
    look(
      statements
        .filter((one) => one.setAside > 0 && !setAside.has(one.id))
        .map((one) => `${String(one.setAside)} rows of ${nameOf(one)} could not be read`),
      'every row was read, or is explained',
    ),
  no_open_break: ({ openBreaks, openBreaksCount }, { breaks }) => {
    const more = openBreaksCount - openBreaks.length;
    return look(
      [
        ...openBreaks.filter(({ id }) => !breaks.has(id)).map(breakText),
        ...(more > 0 ? [`and ${String(more)} more open breaks`] : []),
      ],
      openBreaksCount === 0 ? 'no break is open' : `${String(openBreaksCount)} open breaks are accepted`,
    );
  },
};

function isThere({ statements }: DayFacts, kind: StatementKind): boolean {
  return statements.some((one) => one.kind === kind);
}

function missing({ billDate, refused }: DayFacts, kind: StatementKind): string {
  const code = refused.find((one) => one.kind === kind)?.code;
  const why = code === undefined ? '' : `: what came was refused (${code})`;
  return `the ${kind} statement of ${billDate} is not there${why}`;
}

/** A line without a movement waits until the fund flow of the day after is there, as a refund without a line does for the trade statement. */
function notFinal({ billDate, dayAfter }: DayFacts, kind: StatementKind): string[] {
  const statement = `the ${kind} statement of ${addDays(billDate, 1)}`;
  const found = dayAfter.find((one) => one.kind === kind);
  if (found === undefined) {
    const what = isFundFlow(kind) ? 'the money of a refund' : 'a refund';
    return [`${statement} is not there; ${what} of ${billDate} may stand in it`];
  }
  return found.matched ? [] : [`${statement} is not matched yet`];
}

function nameOf({ id, kind, part, status }: DayStatement): string {
  return `${kind} statement ${id}${part === '' ? '' : ` (${part})`}${status === 'empty' ? ' (empty)' : ''}`;
}

function differingTotals(statement: DayStatement): string[] {
  const { declared, computed } = statement.totals;
  return Object.entries(declared)
    .filter(([name, value]) => computed[name] !== value)
    .map(
      ([name, value]) =>
        `${nameOf(statement)} declares ${name} ${value.toString()}, and its lines make ${(computed[name] ?? 0n).toString()}`,
    );
}

function isAccounted({ refunds, refundsMatched, refundsLeftOver }: DayStatement): boolean {
  return (
    refunds.lines === refundsMatched.lines + refundsLeftOver.lines &&
    refunds.minor === refundsMatched.minor + refundsLeftOver.minor
  );
}

function unaccounted(statement: DayStatement): string {
  const { refunds, refundsMatched, refundsLeftOver } = statement;
  const lines = refunds.lines - refundsMatched.lines - refundsLeftOver.lines;
  const minor = refunds.minor - refundsMatched.minor - refundsLeftOver.minor;
  return `${String(lines)} refund lines of ${nameOf(statement)}, ${minor.toString()} minor units, are neither matched nor left over`;
}

function sum(statements: readonly DayStatement[]): number {
  return statements.reduce((lines, { refunds }) => lines + refunds.lines, 0);
}

function breakText({ id, kind, refundNo, line }: OpenBreak): string {
  const of = refundNo === null ? '' : ` of refund ${refundNo}`;
  return `break ${id}, ${kind}${of}${line === null ? '' : `, line ${line}`}, is open`;
}

function inVain({ openBreaks, statements }: DayFacts, { breaks, setAside }: Accepted): string[] {
  const open = new Set(openBreaks.map(({ id }) => id));
  const aside = new Set(statements.filter((one) => one.setAside > 0).map(({ id }) => id));
  return [
    ...[...breaks.keys()].filter((id) => !open.has(id)).map((id) => `break ${id}`),
    ...[...setAside.keys()].filter((id) => !aside.has(id)).map((id) => `rows set aside of statement ${id}`),
  ];
}
