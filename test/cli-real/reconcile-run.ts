/** Runs `yuanlu reconcile` in this process against the tests' Postgres, and reads what it said and wrote. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { vi } from 'vitest';
import { main } from '../../cli/main.ts';
import type { ReconcileDocument } from '../../cli/reconcile/document.ts';
import { required } from '../support/required.ts';
import { DAY } from './bill.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of a test file's own. */
export interface Desk {
  readonly folder: string;
  path(name: string): string;
  /** Writes a file and gives its path back. */
  put(name: string, content: string | Buffer): Promise<string>;
  clear(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-desk-'));
  const path = (name: string): string => join(folder, name);
  return {
    folder,
    path,
    put: async (name, content) => {
      await writeFile(path(name), content);
      return path(name);
    },
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs the command line in this process. Usage errors end a process and cannot be run this way. */
export async function yuanlu(...args: readonly string[]): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0),
  ];
  const exitCode = process.exitCode;
  process.exitCode = undefined;
  let code = 0;
  try {
    await main(['node', 'yuanlu', ...args]);
    code = Number(process.exitCode ?? 0);
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = exitCode;
  }
  return { code, stdout: out.join(''), stderr: err.join('') };
}

export interface Run {
  /** WeChat Pay unless another is named. */
  readonly channel?: string;
  readonly statements: readonly string[];
  readonly list: string;
  readonly flags?: readonly string[];
}

/** `yuanlu reconcile` on the tests' Postgres. */
export function reconcile(run: Run): Promise<Said> {
  return yuanlu(
    ...[
      'reconcile',
      '--channel',
      run.channel ?? 'wechat',
      '--statement',
      ...run.statements,
      '--refunds',
      run.list,
    ],
    ...['--database', required('YUANLU_TEST_DATABASE_URL'), ...(run.flags ?? [])],
  );
}

/** The JSON of a run that must not be refused. */
export async function documentOf(run: Run): Promise<ReconcileDocument> {
  const said = await reconcile({ ...run, flags: ['--json', ...(run.flags ?? [])] });
  if (said.stdout === '') throw new Error(`it ended with ${String(said.code)}: ${said.stderr}`);
  return JSON.parse(said.stdout) as ReconcileDocument;
}

export type CsvRow = Readonly<Record<string, string>>;

/** A file of --out as a program reads it, with the BOM taken off. */
export async function csvRows(path: string): Promise<CsvRow[]> {
  return parse(await readFile(path), { bom: true, columns: true });
}

export interface ListRow {
  readonly refund_no: string;
  readonly channel?: string;
  readonly amount_minor?: number | string;
  readonly currency?: string;
  readonly requested_at?: string;
  readonly channel_refund_no?: string;
  readonly transaction_id?: string;
  readonly payment_no?: string;
  readonly source?: string;
  readonly state?: string;
}

export const LIST_COLUMNS = [
  ...(['refund_no', 'channel', 'amount_minor', 'currency', 'requested_at'] as const),
  ...(['channel_refund_no', 'transaction_id', 'payment_no', 'source', 'state'] as const),
] as const;

/** A refund list with all its columns; what a row leaves out is as an ordinary refund of {@link DAY} has it. */
export function refundList(rows: readonly ListRow[]): string {
  const usual: Readonly<Record<string, string>> = {
    channel: 'wechat',
    amount_minor: '100',
    currency: 'CNY',
    requested_at: `${DAY}T09:59:00+08:00`,
  };
  const lines = rows.map((row) =>
    LIST_COLUMNS.map((column) => String(row[column] ?? usual[column] ?? '')).join(','),
  );
  return [LIST_COLUMNS.join(','), ...lines, ''].join('\n');
}
