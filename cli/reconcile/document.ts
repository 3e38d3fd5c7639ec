/** The JSON of a run (design, section 13). Names stay as they are from the first release; additions are free. */
import { MATCH_PASSES } from '../../domain/statement/break.ts';
import type { BreakKind, MatchPass } from '../../domain/statement/break.ts';
import type { StatementTotals } from '../../domain/statement/statement.ts';
import type { ReconcileChannel } from './channels.ts';
import type { Differing } from './differing.ts';
import { differing } from './differing.ts';
import { explain } from './explain.ts';
import type { Place } from './explain.ts';
import type { Judgement, Placement, WaitingReason } from './judge.ts';
import type { ListSummary } from './refund-list.ts';
import type { BreakRow, MatchRow } from './rows.ts';
import type { LoadedStatement } from './statements.ts';

/** Breaks of each kind that the document itself names; all of them are in breaks.csv. */
export const DIFFERENCES_PER_KIND = 100;

export interface StatementDocument {
  readonly file: string;
  readonly given_again: readonly string[];
  readonly sha256: string;
  readonly kind: string;
  readonly variant: string;
  readonly first_date: string | null;
  readonly last_date: string | null;
  readonly lines: number;
  readonly refund_lines: number;
  readonly quarantined: number;
  /** What was unlike the channel's description and was read all the same. */
  readonly remarks: readonly string[];
  readonly totals: {
    readonly declared: Readonly<Record<string, string>>;
    readonly computed: Readonly<Record<string, string>>;
    readonly agree: boolean;
  };
}

export interface DifferenceDocument {
  readonly kind: BreakKind;
  readonly refund_no: string | null;
  readonly list_line: number | null;
  readonly amount_minor: string | null;
  readonly currency: string | null;
  readonly statement: string | null;
  readonly statement_line: number | null;
  readonly statement_refund_no: string | null;
  readonly statement_amount_minor: string | null;
  /** The keys in which line and refund do not agree, with both sides; `ours` is the list, `theirs` the statement. */
  readonly differs: readonly Differing[];
  readonly explanation: string;
}

export interface RenumberedDocument {
  readonly refund_no: string;
  readonly list_line: number;
  readonly statement: string;
  readonly statement_line: number;
  readonly statement_refund_no: string | null;
  readonly matched_by: MatchPass | null;
}

export interface ReconcileDocument {
  readonly channel: string;
  /** What a match proves about the refund: that the channel accepted it, completed it, or cleared it. */
  readonly line_proves: ReconcileChannel['lineProves'];
  /** The instant of judgement. */
  readonly as_of: string;
  readonly statements: readonly StatementDocument[];
  readonly refunds: number;
  readonly matched: Readonly<Record<MatchPass, number>>;
  readonly waiting: number;
  readonly waiting_reasons: Readonly<Record<WaitingReason, number>>;
  readonly overdue: number;
  readonly breaks: Readonly<Record<BreakKind, number>>;
  /** Where every refund line and every listed refund went. */
  readonly placed: { readonly refund_lines: Placement; readonly refunds: Placement };
  readonly missing_without_statement: number;
  readonly corrections: number;
  readonly differences: readonly DifferenceDocument[];
  readonly differences_left_off: number;
  /** Refunds that were matched although the line prints another number of ours: the first of them. */
  readonly renumbered: readonly RenumberedDocument[];
  readonly renumbered_left_off: number;
  readonly other_channels: Readonly<Record<string, number>>;
  readonly elapsed_ms: number;
  readonly lines_per_second: number;
}

export interface Findings {
  readonly channel: ReconcileChannel;
  readonly asOf: Date;
  readonly statements: readonly LoadedStatement[];
  readonly list: ListSummary;
  readonly judgement: Judgement;
  /** The first of each kind. */
  readonly differences: readonly BreakRow[];
  /** Matched, and the line prints another number of ours. */
  readonly renumbered: { readonly first: readonly MatchRow[]; readonly count: number };
  /** Time spent on lines: reading, loading, matching, judging. */
  readonly elapsedMs: number;
}

export function documentOf(findings: Findings): ReconcileDocument {
  const { judgement, list, statements } = findings;
  const lines = statements.reduce((total, { summary }) => total + summary.lines, 0);
  const elapsedMs = Math.max(1, Math.round(findings.elapsedMs));
  const shown = findings.differences;
  return {
    channel: findings.channel.name,
    line_proves: findings.channel.lineProves,
    as_of: findings.asOf.toISOString(),
    statements: statements.map(statementDocument),
    refunds: list.refunds,
    matched: judgement.matched,
    waiting: judgement.refunds.waiting,
    waiting_reasons: judgement.waiting,
    overdue: judgement.overdue.total,
    breaks: judgement.breaks,
    placed: { refund_lines: judgement.lines, refunds: judgement.refunds },
    missing_without_statement: judgement.missingWithoutStatement,
    corrections: judgement.corrections,
    differences: shown.map((row) => differenceDocument(row, statements)),
    differences_left_off: breaksIn(judgement) - shown.length,
    renumbered: findings.renumbered.first.map((row) => renumberedDocument(row, statements)),
    renumbered_left_off: findings.renumbered.count - findings.renumbered.first.length,
    other_channels: list.otherChannels,
    elapsed_ms: elapsedMs,
    lines_per_second: Math.round((lines * 1_000) / elapsedMs),
  };
}

/** Rows of the breaks of all kinds. */
export function breaksIn(judgement: Judgement): number {
  return Object.values(judgement.breaks).reduce((total, rows) => total + rows, 0);
}

/** The path under which a statement was given. */
export function fileOf(statements: readonly LoadedStatement[], fileId: bigint): string {
  return statements.find((one) => one.fileId === fileId.toString())?.file ?? `statement ${fileId.toString()}`;
}

/** A line in words, for sentences. */
export function placeOf(statements: readonly LoadedStatement[]): (place: Place) => string {
  return ({ fileId, lineNo }) => `line ${String(lineNo)} of ${fileOf(statements, fileId)}`;
}

function statementDocument({ file, givenAgain, sha256, summary }: LoadedStatement): StatementDocument {
  return {
    file,
    given_again: givenAgain,
    sha256,
    kind: summary.kind,
    variant: summary.variant,
    first_date: summary.firstDate,
    last_date: summary.lastDate,
    lines: summary.lines,
    refund_lines: summary.refundLines,
    quarantined: summary.quarantinedCount,
    remarks: summary.remarks ?? [],
    totals: {
      declared: texts(summary.totals.declared),
      computed: texts(summary.totals.computed),
      agree: summary.totals.agree,
    },
  };
}

function differenceDocument(row: BreakRow, statements: readonly LoadedStatement[]): DifferenceDocument {
  const { listed, line } = row;
  return {
    kind: row.kind,
    refund_no: refundNoOf(row),
    list_line: listed === null ? null : Number(listed.listLine),
    amount_minor: listed?.amountMinor.toString() ?? null,
    currency: listed?.currency ?? line?.currency ?? null,
    statement: line === null ? null : fileOf(statements, line.fileId),
    statement_line: line?.lineNo ?? null,
    statement_refund_no: line?.refundNo ?? null,
    statement_amount_minor: line?.amountMinor.toString() ?? null,
    differs: differing(row),
    explanation: explain(row, placeOf(statements)),
  };
}

function renumberedDocument(
  { pass, listed, line }: MatchRow,
  statements: readonly LoadedStatement[],
): RenumberedDocument {
  return {
    refund_no: listed.refundNo,
    list_line: Number(listed.listLine),
    statement: fileOf(statements, line.fileId),
    statement_line: line.lineNo,
    statement_refund_no: line.refundNo,
    matched_by: MATCH_PASSES[pass - 1] ?? null,
  };
}

/**
 * The number of the refund that a break is about. A line that is nobody's has the number that the channel prints; a line
 * printed again or one of several candidates is about no refund of its own.
 */
export function refundNoOf({ kind, listed, line }: BreakRow): string | null {
  if (listed !== null) return listed.refundNo;
  return kind === 'missing_in_books' ? (line?.refundNo ?? null) : null;
}

function texts(totals: StatementTotals): Record<string, string> {
  return Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, value.toString()]));
}
