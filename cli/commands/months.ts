/** `yuanlu months …`: what lies in the books by month, and a month as an archive. */
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { monthObstacleTexts } from '../../domain/close/month.ts';
import { AppError } from '../../domain/errors.ts';
import type { AccountMonth, MonthListed } from '../../store/close/months.ts';
import { daysOfMonth, keepMonthArchive, listMonths, monthObstacles } from '../../store/close/months.ts';
import { safeSegment } from '../../store/file-store.ts';
import { statementsOfMonth } from '../../store/statements-files.ts';
import type { Context } from '../../workers/context.ts';
import { EXIT } from '../exit.ts';
import type { WrittenArchive } from '../months/archive.ts';
import { archiveMonth } from '../months/archive.ts';
import { verifyArchive } from '../months/manifest.ts';
import { beijingTime, createOutput, grouped, progress, table } from '../output.ts';
import { withReader } from '../owner-database.ts';
import { withBooks } from './books.ts';

export interface MonthsListFlags {
  readonly account?: string;
  readonly json: boolean;
}

export interface ArchiveFlags {
  readonly account: string;
  readonly to: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export async function listMonthsCommand({ account, json }: MonthsListFlags): Promise<void> {
  const months = await withReader((reader) => listMonths(reader, account ?? null));
  const document = months.map((one) => ({ ...one, lines: Number(one.lines), bytes: Number(one.bytes) }));
  createOutput(json).result({ months: document }, () => listText(months));
}

/** @throws AppError `request_invalid`, `account_unknown`, `month_not_archivable`, and as {@link archiveMonth} */
export async function archiveMonthCommand(month: string, options: ArchiveFlags): Promise<void> {
  const of: AccountMonth = { accountId: options.account, month: monthOf(month) };
  const place = join(resolve(options.to), `${safeSegment(of.accountId)}-${of.month}`);
  const output = createOutput(options.json);
  await withBooks(async (context) => {
    context.channels.get(of.accountId);
    await assertNothingOpen(context, of);
    if (options.dryRun) {
      const plan = await planOf(context, of);
      const text = `${of.month} of ${of.accountId} would go to ${place}: ${String(plan.days)} closed days, ${String(plan.statements)} statements. Nothing was written.`;
      output.result({ ...of, place, ...plan, dry_run: true }, () => text);
      return;
    }
    const written = await writeMonth(context, of, place);
    output.result(documentOf(of, place, written), () => archivedText(of, place, written));
  });
}

async function assertNothingOpen({ pool }: Context, of: AccountMonth): Promise<void> {
  const [first] = await daysOfMonth(pool, of);
  if (first === undefined)
    throw new AppError('month_not_archivable', {
      errors: [`${of.accountId} has no statement up to ${of.month}`],
    });
  const errors = monthObstacleTexts(await monthObstacles(pool, of));
  if (errors.length > 0) throw new AppError('month_not_archivable', { errors });
}

async function planOf({ pool }: Context, of: AccountMonth): Promise<{ days: number; statements: number }> {
  const days = await daysOfMonth(pool, of);
  const statements = await statementsOfMonth(pool, of);
  return { days: days.length, statements: statements.length };
}

async function writeMonth(context: Context, of: AccountMonth, place: string): Promise<WrittenArchive> {
  const { pool, files, clock } = context;
  const line = progress();
  try {
    const deps = {
      pool,
      files,
      onProgress: (text: string) => {
        line.update(text);
      },
    };
    const written = await archiveMonth(deps, of, place, clock.wallNow());
    await keepMonthArchive(pool, {
      ...{ ...of, place, manifestSha256: written.manifestSha256, archivedAt: clock.wallNow() },
      ...{ archivedBy: userInfo().username, bytes: written.bytes },
      statements: written.manifest.statements.length,
      closings: written.manifest.closings.length,
    });
    return written;
  } finally {
    line.done();
  }
}

/** Exit code: 0 all of it is as it was archived, 1 it is not. */
export async function verifyMonthCommand(
  folder: string,
  options: { readonly json: boolean },
): Promise<number> {
  const verdict = await verifyArchive(folder);
  const { manifest, manifestSha256, files, wrong, intact } = verdict;
  const document = {
    ...{ intact, files, wrong, manifest_sha256: manifestSha256 },
    ...{ account_id: manifest?.account_id ?? null, month: manifest?.month ?? null },
  };
  createOutput(options.json).result(document, () =>
    intact
      ? `${folder}: as it was archived, ${String(files)} files of ${manifest?.month ?? ''} of ${manifest?.account_id ?? ''}; manifest ${manifestSha256 ?? ''}`
      : [`${folder}: NOT AS IT WAS ARCHIVED`, ...wrong.map((one) => `  ${one}`)].join('\n'),
  );
  return intact ? EXIT.ok : EXIT.differences;
}

/** @throws AppError `request_invalid` */
function monthOf(text: string): string {
  if (/^20[0-9]{2}-(0[1-9]|1[0-2])$/.test(text)) return text;
  throw new AppError('request_invalid', { month: text, known: 'yyyy-mm' });
}

function documentOf(
  of: AccountMonth,
  place: string,
  { manifest, manifestSha256, bytes }: WrittenArchive,
): object {
  return {
    ...{ ...of, place, manifest_sha256: manifestSha256, bytes },
    days: manifest.closings.length,
    statements: manifest.statements.length,
  };
}

function archivedText(of: AccountMonth, place: string, written: WrittenArchive): string {
  const { closings, statements } = written.manifest;
  const notKept = statements.filter(({ packed, lines }) => packed === null && lines > 0);
  return [
    `${of.month} of ${of.accountId} is at ${place}: ${String(closings.length)} closed days, ${String(statements.length)} statements, ${grouped(written.bytes)} bytes.`,
    `manifest ${written.manifestSha256}`,
    ...notKept.map(
      ({ id, bill_date: day }) => `statement ${id} of ${day} was brought by hand: its file is not among them`,
    ),
  ].join('\n');
}

function listText(months: readonly MonthListed[]): string {
  if (months.length === 0) return 'No statements yet.';
  return table(months, [
    { head: 'account', cell: (one) => one.accountId },
    { head: 'month', cell: (one) => one.month },
    { head: 'statements', align: 'right', cell: (one) => String(one.statements) },
    { head: 'lines', align: 'right', cell: (one) => grouped(Number(one.lines)) },
    { head: 'bytes', align: 'right', cell: (one) => grouped(Number(one.bytes)) },
    { head: 'days closed', cell: (one) => `${String(one.closedDays)} of ${String(one.days)}` },
    { head: 'archived', cell: (one) => (one.archive === null ? '' : beijingTime(one.archive.archivedAt)) },
    { head: 'at', cell: (one) => one.archive?.place ?? '' },
  ]);
}
