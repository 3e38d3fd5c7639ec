/** A run for people: what was read, where everything went, what does not agree, what is late. */
import { formatYuan, isCurrency } from '../../domain/money.ts';
import { BREAK_KINDS, MATCH_PASSES } from '../../domain/statement/break.ts';
import type { MatchPass } from '../../domain/statement/break.ts';
import { beijingTime, counted, grouped, table } from '../output.ts';
import type { ReconcileChannel } from './channels.ts';
import type { Findings, ReconcileDocument } from './document.ts';
import { breaksIn, placeOf, refundNoOf } from './document.ts';
import { explain, inMinorUnits, promisedBy } from './explain.ts';
import type { WaitingReason } from './judge.ts';
import { Lateness } from './lateness.ts';
import type { BreakRow, LineSide, OverdueRow } from './rows.ts';
import type { LoadedStatement } from './statements.ts';

/** Rows of a list that a person reads on a screen; the rest is in the files of --out. */
export const SHOWN_ROWS_MAX = 20;
const SHOWN_PER_KIND_MAX = 10;

const PASS_WORDS: Readonly<Record<MatchPass, string>> = {
  refund_no: 'by refund number',
  channel_refund_no: "by the channel's number",
  transaction_amount: 'by transaction and amount',
};

const WAITING_WORDS: Readonly<Record<WaitingReason, string>> = {
  inside_window: 'inside their arrival window',
  statement_not_made: 'before the statement of their day exists',
  failed: 'failed, and rightly in no statement',
};

export function reportText(
  findings: Findings,
  document: ReconcileDocument,
  overdue: readonly OverdueRow[],
  out: string | null,
): string {
  return [
    statementsText(findings.statements),
    [placedText(document), ...provesText(findings)].join('\n'),
    breaksText(findings, out),
    ...renumberedText(findings, out),
    overdueText(findings, document, overdue, out),
    `Judged as of ${beijingTime(findings.asOf)} (Beijing).`,
    ...(out === null ? [] : [`matches.csv, breaks.csv, overdue.csv, quarantine.csv, summary.json: ${out}`]),
  ].join('\n\n');
}

function statementsText(statements: readonly LoadedStatement[]): string {
  return table(statements, [
    { head: 'statement', cell: ({ file }) => file },
    { head: 'kind', cell: ({ summary }) => kindText(summary) },
    { head: 'days', cell: ({ summary }) => daysText(summary.firstDate, summary.lastDate) },
    { head: 'lines', align: 'right', cell: ({ summary }) => grouped(summary.lines) },
    { head: 'refunds', align: 'right', cell: ({ summary }) => grouped(summary.refundLines) },
    { head: 'set aside', align: 'right', cell: ({ summary }) => grouped(summary.quarantinedCount) },
    { head: 'totals', cell: ({ summary }) => totalsText(summary) },
  ]);
}

/**
 * Where an amount of a row that was set aside could not be read, what the declared sum is larger by may be that row's: nobody can tell.
 * Fees are declared as rounded and are no sign of it.
 */
function totalsText({ totals, quarantinedCount }: LoadedStatement['summary']): string {
  if (!totals.agree) return 'differ';
  const isShort = Object.entries(totals.declared).some(
    ([name, value]) => name !== 'fee_e5' && value !== (totals.computed[name] ?? value),
  );
  return quarantinedCount > 0 && isShort ? 'agree, but for what was set aside' : 'agree';
}

/** The variant, where it says more than the kind. */
function kindText({ kind, variant }: LoadedStatement['summary']): string {
  return kind === variant ? kind : `${kind} (${variant})`;
}

function daysText(first: string | null, last: string | null): string {
  if (first === null || last === null) return 'no lines';
  return first === last ? first : `${first} … ${last}`;
}

function placedText({ placed, matched, waiting_reasons: reasons, ...document }: ReconcileDocument): string {
  const { refund_lines: lines, refunds } = placed;
  const passes = MATCH_PASSES.map((pass) => [matched[pass], PASS_WORDS[pass]] as const);
  const waiting = Object.entries(WAITING_WORDS).map(
    ([reason, words]) => [reasons[reason as WaitingReason], words] as const,
  );
  const missing = document.missing_without_statement;
  const breaks = [[missing, 'of days whose statement was not given']] as const;
  const rows = [
    { name: 'matched', lines: lines.matched, refunds: refunds.matched, how: howText(passes) },
    { name: 'waiting', lines: lines.waiting, refunds: refunds.waiting, how: howText(waiting) },
    { name: 'in breaks', lines: lines.breaks, refunds: refunds.breaks, how: howText(breaks) },
    { name: 'all', lines: lines.total, refunds: refunds.total, how: '' },
  ];
  return table(rows, [
    { head: '', cell: (row) => row.name },
    { head: 'listed refunds', align: 'right', cell: (row) => grouped(row.refunds) },
    { head: 'refund lines', align: 'right', cell: (row) => grouped(row.lines) },
    { head: '', cell: (row) => row.how },
  ]);
}

const PROVES: Readonly<Record<ReconcileChannel['lineProves'], string>> = {
  acceptance: 'took the refund; the money may still be on its way',
  completion: 'has sent the money; a bank card may show it days later',
  clearing: 'has cleared the refund; the bank of the payer posts it in its own time',
};

function provesText({ channel, judgement }: Findings): string[] {
  return judgement.lines.matched === 0
    ? []
    : [`A match proves that ${channel.title} ${PROVES[channel.lineProves]}.`];
}

function howText(parts: readonly (readonly [number, string])[]): string {
  return parts
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${grouped(count)} ${words}`)
    .join(', ');
}

function breaksText(findings: Findings, out: string | null): string {
  const count = breaksIn(findings.judgement);
  if (count === 0) return nothingLeftText(findings.renumbered.count);
  const shown = BREAK_KINDS.flatMap((kind) =>
    findings.differences.filter((row) => row.kind === kind).slice(0, SHOWN_PER_KIND_MAX),
  );
  const kinds = Object.entries(findings.judgement.breaks)
    .filter(([, rows]) => rows > 0)
    .map(([kind, rows]) => `${kind} ${grouped(rows)}`);
  const body = table(shown, [
    { head: 'break', cell: (row) => row.kind },
    { head: 'refund', cell: (row) => refundNoOf(row) ?? row.line?.refundNo ?? '' },
    { head: 'list', align: 'right', cell: (row) => yuan(row.listed) },
    { head: 'statement', align: 'right', cell: (row) => yuan(row.line) },
    { head: 'what', cell: (row) => whatText(row, findings.statements) },
  ]);
  return [`${counted(count, 'break')}: ${kinds.join(', ')}`, body, ...leftOff(count, shown.length, out)].join(
    '\n',
  );
}

function nothingLeftText(renumbered: number): string {
  if (renumbered === 0) return '全部核平 · Nothing is left over.';
  return `Nothing is left over, and ${counted(renumbered, 'refund')} matched under another number than yours: look below.`;
}

/** A match all the same, and a difference that somebody wants to know of. */
function renumberedText({ renumbered, statements }: Findings, out: string | null): string[] {
  const { first, count } = renumbered;
  if (count === 0) return [];
  const shown = first.slice(0, SHOWN_PER_KIND_MAX);
  const body = table(shown, [
    { head: 'your number in the list', cell: ({ listed }) => listed.refundNo },
    { head: 'in the statement', cell: ({ line }) => line.refundNo ?? '' },
    { head: 'where', cell: ({ line }) => lineText(line, statements) },
    { head: 'matched', cell: ({ pass }) => PASS_WORDS[MATCH_PASSES[pass - 1] ?? 'refund_no'] },
  ]);
  return [
    [
      `Matched, though your number is another one in the statement: ${counted(count, 'refund')}`,
      body,
      ...leftOff(count, shown.length, out),
    ].join('\n'),
  ];
}

function whatText(row: BreakRow, statements: readonly LoadedStatement[]): string {
  const place = row.line === null ? '' : `${lineText(row.line, statements)}: `;
  return `${place}${explain(row, placeOf(statements))}`;
}

/** With one statement its name is in the first table already. */
function lineText(line: LineSide, statements: readonly LoadedStatement[]): string {
  return statements.length === 1 ? `line ${String(line.lineNo)}` : placeOf(statements)(line);
}

function yuan(side: { readonly amountMinor: bigint; readonly currency: string } | null): string {
  if (side === null) return '';
  return isCurrency(side.currency) ? formatYuan(side.amountMinor) : inMinorUnits(side);
}

function overdueText(
  { asOf, channel }: Findings,
  { overdue: count }: ReconcileDocument,
  rows: readonly OverdueRow[],
  out: string | null,
): string {
  if (count === 0) return '没有逾期退款 · No overdue refunds.';
  const shown = rows.slice(0, SHOWN_ROWS_MAX);
  const lateness = new Lateness(asOf);
  const body = table(shown, [
    { head: 'overdue', cell: ({ listed }) => listed.refundNo },
    { head: 'amount', align: 'right', cell: ({ listed }) => yuan(listed) },
    { head: 'promised by', cell: ({ window }) => promisedBy(window.promiseAt) },
    {
      head: 'days late',
      align: 'right',
      cell: ({ window }) => `${String(lateness.days(window))}${lateness.isProvisional(window) ? '?' : ''}`,
    },
    { head: 'level', cell: ({ level }) => (level === 2 ? 'alarm' : 'promise missed') },
    ...channel.numbers.map(({ of, title }) => ({
      head: title,
      cell: ({ listed }: OverdueRow) => listed[of] ?? 'not listed',
    })),
  ]);
  const marked = shown.some(({ window }) => lateness.isProvisional(window))
    ? ['? counted over a year whose holidays are not known here: weekends only']
    : [];
  return [
    `Past the promise, without evidence: ${counted(count, 'refund')}`,
    body,
    ...leftOff(count, shown.length, out),
    ...marked,
  ].join('\n');
}

function leftOff(count: number, shown: number, out: string | null): string[] {
  if (count === shown) return [];
  const where = out === null ? 'give --out DIR for all of them' : 'all are in the files';
  return [`and ${grouped(count - shown)} more; ${where}`];
}
