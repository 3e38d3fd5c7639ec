/**
 * Matches one statement against the books, in sets. Three passes: our number, the channel's number, and transaction
 * plus amount inside a window. A line and a refund are used once at most, over all live statements of the account.
 * Everything happens in one transaction under a lock per account: a run that fails leaves nothing behind, and a run
 * that is repeated changes nothing.
 */
import { AppError, invariant } from '../domain/errors.ts';
import type { BreakKind } from '../domain/statement/break.ts';
import { BREAK_KINDS } from '../domain/statement/break.ts';
import { currentBreakRules } from './break-rules.ts';
import { FORCED } from './match-by-people.ts';
import { lockFile } from './match-lock.ts';
import { CONTESTED, judge, losers, NO_LOSERS } from './match-judge.ts';
import type { FileNews } from './match-news.ts';
import { writeNews } from './match-news.ts';
import type { Literals, MatchScope } from './match-scope.ts';
import { literalsOf } from './match-scope.ts';
import {
  claimedRange,
  claimLines,
  findOthers,
  findRivals,
  looseLines,
  otherClaims,
  PARALLEL_OFF,
  PARALLEL_ON,
  PLANNER_SETTINGS,
  takeOdd,
  takeOther,
  takeRivals,
} from './match-sql.ts';
import type { JudgedFile } from './match-write.ts';
import { closeAnswered, tellSettled, writeBreaks, writeMatches } from './match-write.ts';
import { assertAllSeen, tellPartitions } from './partitions.ts';
import type { Pool, Tx } from './pool.ts';
import { inTransaction, runAll } from './pool.ts';
import type { StatementFile } from './statements-files.ts';

export { sweepMissing } from './match-missing.ts';

const HOUR_MS = 3_600_000;

/** The steps of a match, in their order, as people read them. */
export type MatchStep =
  | 'waiting for its turn'
  | 'by our numbers'
  | 'by the channel’s numbers'
  | 'with other statements'
  | 'judging what is left'
  | 'writing';

export interface MatchProgress {
  readonly step: MatchStep;
  /** Refund lines of the file; 0 until they are counted. */
  readonly lines: number;
}

/** How often lines of other files may draw in further lines before something must be wrong. */
const OTHER_ROUNDS_MAX = 20;

export interface MatchResult {
  /** Lines matched without any difference, by the pass that made the match. */
  readonly refundNo: number;
  readonly channelRefundNo: number;
  readonly transactionAmount: number;
  /** Lines that two people gave to a refund, or matched one to many. */
  readonly byPeople: number;
  /** Breaks about lines of this file, also those that people have ended. With the counts above: every refund line, once. */
  readonly breaks: Readonly<Record<BreakKind, number>>;
  /** What is to be told of it. Workflows hand it on as it is: its name and its place stay. */
  readonly decisive: FileNews;
}

export interface MatchOptions {
  readonly now: Date;
  readonly windowMs?: number;
  /** Where another payment of the account may have a refund of the same number; left out, a number is enough. */
  readonly numberWithin?: 'payment' | undefined;
  /** `listed`: our numbers need not be those that the channel was sent. */
  readonly ourNumbers?: MatchScope['ourNumbers'];
  /** Called at the beginning of each step. */
  readonly onProgress?: (progress: MatchProgress) => void;
}

/**
 * Matches a loaded trade statement. Superseded, empty and fund-flow files have nothing to match and give zeros.
 * @throws AppError `statement_unknown` when no such file was loaded
 */
export async function matchStatement(
  ingest: Pool,
  fileId: string,
  options: MatchOptions,
): Promise<MatchResult> {
  const { file, result } = await inTransaction(ingest, async (tx) => {
    options.onProgress?.({ step: 'waiting for its turn', lines: 0 });
    const locked = await lockFile(tx, fileId);
    return { file: locked, result: await matchLocked(tx, locked, options) };
  });
  // Here and not where the lines were attached: an import that nobody followed is matched by whoever comes next.
  await tellPartitions(ingest, 'statement_lines', file);
  if (hasMatches(file)) await tellPartitions(ingest, 'matches', file);
  return result;
}

function hasMatches({ status, kind }: StatementFile): boolean {
  return status === 'loaded' && kind === 'trade';
}

async function matchLocked(tx: Tx, file: StatementFile, options: MatchOptions): Promise<MatchResult> {
  if (!hasMatches(file)) {
    if (file.status === 'loaded') await markMatched(tx, file.id, options.now);
    return nothing(file.id);
  }
  const rules = await currentBreakRules(tx);
  const scope: MatchScope = {
    fileId: file.id,
    accountId: file.accountId,
    billDate: file.billDate,
    superseded: await supersededBy(tx, file),
    proves: file.proves,
    numberWithin: options.numberWithin ?? 'account',
    ourNumbers: options.ourNumbers ?? 'sent',
    windowMs: options.windowMs ?? rules.matchWindowHours * HOUR_MS,
    toleranceMs: rules.datedBeforeMaxHours * HOUR_MS,
    now: options.now,
  };
  // What people decided about lines of the delivery before this one goes with the lines.
  if (file.supersedes !== null)
    await tx.query('select yuanlu.carry_decisions($1, $2)', [file.id, options.now]);
  return matchInside(tx, scope, file, (step) => options.onProgress?.({ step, lines: file.refundLines }));
}

async function supersededBy(tx: Tx, file: StatementFile): Promise<string[]> {
  const { rows } = await tx.query<{ id: bigint }>(
    `select id from yuanlu.statement_files
      where account_id = $1 and kind = $2 and bill_date = $3 and part = $4 and status = 'superseded'`,
    [file.accountId, file.kind, file.billDate, file.part],
  );
  return rows.map((row) => String(row.id));
}

async function matchInside(
  tx: Tx,
  scope: MatchScope,
  statement: StatementFile,
  begin: (step: MatchStep) => void,
): Promise<MatchResult> {
  begin('by our numbers');
  const s = literalsOf(tx, scope, await isFirstRun(tx, scope.fileId));
  await runAll(tx, [PLANNER_SETTINGS, PARALLEL_ON]);
  const own = await tx.query<{ lines?: bigint }>(claimLines(s));
  const lines = Number(own.rows[0]?.lines ?? own.rowCount);
  assertAllSeen(statement, lines);
  begin('by the channel’s numbers');
  await runAll(tx, [PARALLEL_OFF, ...takeOdd(s), ...looseLines(s)]);
  begin('with other statements');
  const others = await gatherOthers(tx, s);
  const rivals = await tx.query(findRivals(s));
  if (rivals.rowCount !== 0) await runAll(tx, takeRivals(s));

  begin('judging what is left');
  const contested = await tx.query(CONTESTED);
  await runAll(tx, [...(contested.rowCount === 0 ? [NO_LOSERS] : losers(s)), ...judge(s)]);

  begin('writing');
  const agreed = await countAgreed(tx, s);
  const file: JudgedFile = { fileId: scope.fileId, billDate: scope.billDate };
  await writeMatches(tx, s, file, others);
  await tellSettled(tx, s, [file, ...others]);
  await writeBreaks(tx, s);
  await closeAnswered(tx, s);
  const decisive = await writeNews(tx, s, scope.fileId);
  await markMatched(tx, scope.fileId, scope.now);
  const result: MatchResult = { ...(await count(tx, s, agreed)), decisive };
  const judged = linesOf(result);
  invariant(judged === lines, `every refund line is matched or left over, once (${String(judged)} judged)`);
  return result;
}

/** A file has a table of matches as soon as it was matched once. */
async function isFirstRun(tx: Tx, fileId: string): Promise<boolean> {
  const { rows } = await tx.query<{ first: boolean }>(
    `select to_regclass('yuanlu.matches_f' || $1::text) is null as first`,
    [fileId],
  );
  return rows[0]?.first === true;
}

/** Lines of the file that the result speaks of. */
function linesOf(result: MatchResult): number {
  const matched = result.refundNo + result.channelRefundNo + result.transactionAmount + result.byPeople;
  return Object.values(result.breaks).reduce((sum, lines) => sum + lines, matched);
}

/** Draws in the lines of other files that belong to the same judgement, until there are no more. */
async function gatherOthers(tx: Tx, s: Literals): Promise<JudgedFile[]> {
  const files = new Map<string, JudgedFile>();
  for (let round = 0; round < OTHER_ROUNDS_MAX; round += 1) {
    const { rows: ranges } = await tx.query<{ low: bigint; high: bigint }>(claimedRange(s));
    const { low, high } = ranges[0] ?? { low: 0n, high: -1n };
    const { rows: found } = await tx.query<{ file_id: bigint; bill_date: string; line_nos: number[] }>(
      findOthers(s, { low: String(low), high: String(high) }),
    );
    if (found.length === 0) return [...files.values()];
    for (const one of found) {
      const file = { fileId: String(one.file_id), billDate: one.bill_date };
      files.set(file.fileId, file);
      await tx.query(takeOther(s, file, one.line_nos.join(', ')));
    }
    await runAll(tx, otherClaims(s));
  }
  throw new AppError('invariant_broken', {
    sentence: 'lines of other statements are drawn in within a few rounds',
  });
}

/** Before what was judged is put beside them. */
async function countAgreed(tx: Tx, s: Literals): Promise<number> {
  const { rows } = await tx.query<{ lines: bigint }>(`select count(*) as lines from ${s.agreed}`);
  return Number(rows[0]?.lines);
}

async function count(tx: Tx, s: Literals, agreed: number): Promise<Omit<MatchResult, 'decisive'>> {
  const clean = await tx.query<{ pass: number; lines: number }>(
    `select pass, sum(lines)::int as lines from (
       select pass, count(*) as lines from m_claim where file_id = ${s.file} group by pass
       union all
       select pass, -count(*) from m_break where file_id = ${s.file} and pass is not null group by pass) claims
      group by pass`,
  );
  const open = await tx.query<{ kind: BreakKind; lines: number }>(
    `select kind, count(*)::int as lines from m_break where file_id = ${s.file} group by kind`,
  );
  const grouped = await tx.query<{ lines: number }>(
    `select count(*)::int as lines from yuanlu.match_group_lines where file_id = ${s.file} and ended_at is null`,
  );
  const together = grouped.rows[0]?.lines ?? 0;
  const byPass = (pass: number): number => clean.rows.find((row) => row.pass === pass)?.lines ?? 0;
  return {
    refundNo: agreed + byPass(1),
    channelRefundNo: byPass(2),
    transactionAmount: byPass(3),
    byPeople: byPass(FORCED) + together,
    breaks: { ...noBreaks(), ...Object.fromEntries(open.rows.map((row) => [row.kind, row.lines])) },
  };
}

async function markMatched(tx: Tx, fileId: string, now: Date): Promise<void> {
  await tx.query('update yuanlu.statement_files set matched_at = $2, followed_at = null where id = $1', [
    fileId,
    now,
  ]);
}

function nothing(fileId: string): MatchResult {
  return {
    refundNo: 0,
    channelRefundNo: 0,
    transactionAmount: 0,
    byPeople: 0,
    breaks: noBreaks(),
    decisive: { fileId, refunds: 0 },
  };
}

/** Every kind of break at zero, so that all are named wherever they are counted. */
export function noBreaks(): Record<BreakKind, number> {
  return Object.fromEntries(BREAK_KINDS.map((kind) => [kind, 0])) as Record<BreakKind, number>;
}
