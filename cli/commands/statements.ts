/** `yuanlu statements …`: what the channels delivered, and files that a person has at hand. */
import { AppError } from '../../domain/errors.ts';
import { STATEMENT_KINDS } from '../../domain/statement/statement.ts';
import type { QuarantinedLine, StatementKind, StatementTotals } from '../../domain/statement/statement.ts';
import type { Channel } from '../../channels/channel.ts';
import type { MonthArchive } from '../../store/close/months.ts';
import { archiveOfDay } from '../../store/close/months.ts';
import { togetherOfStatement } from '../../store/matched-together.ts';
import type { StatementFile } from '../../store/statements-files.ts';
import {
  getStatementFile,
  listQuarantined,
  listStatementFiles,
  remarksOf,
} from '../../store/statements-files.ts';
import { diffOf, listLineChanges } from '../../store/statements-diff.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import { togetherText } from './matched-together.ts';
import { withBooks } from './books.ts';
import { rowLimit } from './row-limit.ts';
import { changeDocument, changesText } from './statement-changes.ts';

/** Rows set aside that a person is shown. */
const SET_ASIDE_SHOWN_MAX = 20;

/** Lines that a new delivery changed; the command for all of them is named with them. */
const CHANGES_SHOWN_MAX = 20;

export async function listStatementsCommand(options: {
  account?: string;
  limit: string;
  json: boolean;
}): Promise<void> {
  const filter = {
    limit: rowLimit(options.limit),
    ...(options.account === undefined ? {} : { accountId: options.account }),
  };
  const files = await withBooks((context) => listStatementFiles(context.pool, filter));
  createOutput(options.json).result({ statements: files }, () => listText(files));
}

export async function showStatementCommand(number: string, options: { json: boolean }): Promise<void> {
  const shown = await withBooks(async ({ pool }) => {
    const file = await getStatementFile(pool, number);
    if (file === null) throw new AppError('statement_unknown', { number });
    const changes = await listLineChanges(pool, file, { after: 0, limit: CHANGES_SHOWN_MAX });
    const archive = await archiveOfDay(pool, file);
    const together = await togetherOfStatement(pool, file.id);
    return { ...file, setAside: await listQuarantined(pool, file.id), changes, archive, together };
  });
  const document = { ...shown, changes: shown.changes.map(changeDocument) };
  createOutput(options.json).result(document, () =>
    [
      showText(shown),
      ...archiveText(shown.archive),
      ...changesText(shown, diffOf(shown), shown.changes),
      ...setAsideText(shown.setAside),
      ...shown.together.map((one) => `matched together ${togetherText(one)}`),
    ].join('\n'),
  );
}

/** @throws AppError `request_invalid` naming the kinds that there are, of which an account has some */
export function statementKind(text: string): StatementKind {
  return kindAmong(STATEMENT_KINDS, text);
}

/** @throws AppError `request_invalid` naming the kinds that the account has */
export function assertHasKind({ limits }: Pick<Channel, 'limits'>, kind: StatementKind): void {
  kindAmong(limits.statementKinds, kind);
}

function kindAmong(known: readonly StatementKind[], text: string): StatementKind {
  const kind = known.find((one) => one === text);
  if (kind === undefined) throw new AppError('request_invalid', { kind: text, known: known.join(', ') });
  return kind;
}

function listText(files: readonly StatementFile[]): string {
  if (files.length === 0) return 'No statements yet.';
  return table(files, [
    { head: 'no', align: 'right', cell: (file) => file.id },
    { head: 'account', cell: (file) => file.accountId },
    { head: 'kind', cell: (file) => file.kind },
    { head: 'date', cell: (file) => file.billDate },
    { head: 'rev', align: 'right', cell: (file) => String(file.revision) },
    {
      head: 'status',
      cell: (file) => file.status + (file.refusalCode === null ? '' : `: ${file.refusalCode}`),
    },
    { head: 'lines', align: 'right', cell: (file) => String(file.lines) },
    { head: 'refunds', align: 'right', cell: (file) => String(file.refundLines) },
    { head: 'set aside', align: 'right', cell: (file) => String(file.quarantined) },
    { head: 'received', cell: (file) => beijingTime(file.receivedAt) },
  ]);
}

function archiveText(archive: MonthArchive | null): readonly string[] {
  if (archive === null) return [];
  const { place, archivedAt, manifestSha256 } = archive;
  return [`${'archived'.padEnd(16)} ${beijingTime(archivedAt)} at ${place}, manifest ${manifestSha256}`];
}

/** The first rows that could not be read, a line each; a program gets them all. */
function setAsideText(rows: readonly QuarantinedLine[]): readonly string[] {
  const shown = rows.slice(0, SET_ASIDE_SHOWN_MAX);
  const more = rows.length > shown.length ? [`… and ${String(rows.length - shown.length)} more: --json`] : [];
  return [
    ...shown.map(
      ({ lineNo, code, reason }) => `set aside        line ${String(lineNo)}: ${code ?? ''} ${reason}`,
    ),
    ...more,
  ];
}

function showText(file: StatementFile): string {
  const totals = (values: StatementTotals): string =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value.toString()}`)
      .join(', ');
  const facts: readonly (readonly [string, string])[] = [
    [
      'statement',
      `${file.id} · ${file.accountId} ${file.kind} ${file.billDate}, revision ${String(file.revision)}`,
    ],
    ['part', file.part],
    ['status', file.status],
    ['refused because', file.refusalCode ?? ''],
    ['sha256', file.sha256 ?? ''],
    ['kept at', file.uri ?? ''],
    ['variant', file.variant ?? ''],
    ['a line proves', file.kind === 'trade' ? file.proves : ''],
    [
      'lines',
      `${String(file.lines)} (${String(file.refundLines)} refunds, ${String(file.quarantined)} set aside)`,
    ],
    ['totals declared', totals(file.totals.declared)],
    ['totals computed', totals(file.totals.computed)],
    ['remarks', remarksOf(file).join('; ')],
    ['received', beijingTime(file.receivedAt)],
    ['matched', beijingTime(file.matchedAt)],
  ];
  return facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(16)} ${value}`)
    .join('\n');
}
