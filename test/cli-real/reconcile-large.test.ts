/** Large input: counts that are known beforehand, memory that does not grow with the list, progress while it takes long. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { appendFile, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MadeUpRefund } from '../../bench/bill.ts';
import { BILL_DATE, expectedOf, makeUp, requestedAt, writeBill } from '../../bench/bill.ts';
import { openBooks } from '../../cli/reconcile/books.ts';
import { RECONCILE_CHANNELS } from '../../cli/reconcile/channels.ts';
import type { ReconcilePlan } from '../../cli/reconcile/options.ts';
import { openList, reconcile as reconcileIn } from '../../cli/reconcile/run.ts';
import { required } from '../support/required.ts';
import { gzipped, tradeBill } from './bill.ts';
import type { Desk } from './reconcile-run.ts';
import { documentOf, openDesk, refundList } from './reconcile-run.ts';
import { start } from './spawned.ts';

// Whole processes and long files, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.clear());

const numberOf = (index: number): string => `RF${String(index).padStart(8, '0')}`;

/** A list of so many refunds, written piece by piece. */
async function bigList(name: string, count: number, amountOf: (index: number) => number): Promise<string> {
  const file = createWriteStream(desk.path(name));
  const [header = ''] = refundList([]).split('\n');
  file.write(`${header}\n`);
  for (let index = 0; index < count; index += 1) {
    const line = `${numberOf(index)},wechat,${String(amountOf(index))},CNY,2026-11-20T09:00:00+08:00,,,,debit_card,\n`;
    if (!file.write(line)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  return desk.path(name);
}

/** The refund numbers of a file of --out, row by row. None has a comma or a line break in it. */
async function numbersIn(name: string): Promise<string[]> {
  const text = await readFile(desk.path(`out/${name}.csv`), 'utf8');
  return text.split('\r\n').flatMap((line) => /RF[0-9]{8}/.exec(line) ?? []);
}

describe('a packed bill of twenty thousand lines and a list of sixty thousand refunds', () => {
  const LINES = 20_000;
  const LISTED = 60_000;
  let statement: string;
  let list: string;

  beforeAll(async () => {
    // The first twenty thousand in an order of its own (7,919 is prime); each thousandth a fen dearer.
    const refunds = Array.from({ length: LINES }, (_, index) => (index * 7_919) % LINES).map((index) => ({
      ...{ refundNo: numberOf(index), amount: 100 + (index % 1_000 === 0 ? 1 : 0) },
    }));
    statement = await desk.put('big', gzipped(tradeBill(refunds)));
    list = await bigList('big.csv', LISTED, () => 100);
  });

  test('are counted exactly, and the files have all of it', async () => {
    const document = await documentOf({
      statements: [statement],
      list,
      flags: ['--as-of', '2026-11-30', '--out', desk.path('out')],
    });

    expect(document.matched.refund_no).toBe(LINES - 20);
    expect(document.breaks).toMatchObject({ amount_differs: 20, missing_at_channel: LISTED - LINES });
    expect(document.overdue).toBe(LISTED - LINES);
    expect(document.placed.refunds).toEqual({
      ...{ total: LISTED, matched: LINES - 20, waiting: 0, breaks: LISTED - LINES + 20 },
    });
    expect(document.differences_left_off).toBe(LISTED - LINES - 100);
    const [matches, breaks] = await Promise.all(['matches', 'breaks'].map((name) => numbersIn(name)));
    expect(matches).toHaveLength(LINES - 20);
    expect(breaks).toHaveLength(LISTED - LINES + 20);
    expect(new Set([...(matches ?? []), ...(breaks ?? [])]).size).toBe(LISTED);
  });

  test('tell their progress on stderr, and only the result on stdout', async () => {
    const { code, stdout, stderr } = await start([
      ...['reconcile', '--channel', 'wechat', '--statement', statement, '--refunds', list, '--json'],
      ...['--database', required('YUANLU_TEST_DATABASE_URL'), '--out', desk.path('out-2')],
    ]).ended;

    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(2);
    // The files alone take longer than the second after which a person is told something.
    expect(stderr).toMatch(/^(starting|making|reading|loading|matching|looking|writing) /m);
    expect(stderr).not.toContain('    at ');
  });
});

/** The list of the made-up refunds that the books know. */
function listOf(refunds: readonly MadeUpRefund[]): string {
  const rows = refunds
    .filter((one) => one.difference !== 'unknown')
    .map((one) => {
      const at = requestedAt(one).toISOString();
      return `${one.refundNo},wechat,${String(one.amountMinor)},CNY,${at},${one.channelRefundNo},${one.transactionId}`;
    });
  return [
    'refund_no,channel,amount_minor,currency,requested_at,channel_refund_no,transaction_id',
    ...rows,
    '',
  ].join('\n');
}

test('differences are looked up in the list: however many there are, it is read through a few times', async () => {
  const refunds = makeUp(20_000, 1, BILL_DATE);
  const statement = desk.path('differences.csv.gz');
  await writeBill(statement, refunds);
  const channel = RECONCILE_CHANNELS.find((one) => one.name === 'wechat');
  if (channel === undefined) throw new Error('there is a channel');
  const plan: ReconcilePlan = {
    ...{ channel, asOf: null, out: null, database: null },
    statements: [statement],
    list: await desk.put('differences.csv', listOf(refunds)),
  };
  const list = await openList(plan);
  const books = await openBooks(required('YUANLU_TEST_DATABASE_URL'), () => undefined);
  try {
    const { judgement } = await reconcileIn(plan, books, list, {
      ...{ now: new Date('2026-11-30T00:00:00Z'), progress: { update: () => undefined } },
    });

    const { amount_differs, duplicate_line, missing_in_books } = expectedOf(refunds).breaks;
    expect(judgement.breaks).toMatchObject({ amount_differs, duplicate_line, missing_in_books });
    for (const pool of [books.ingest, books.owner]) await pool.query('select pg_stat_force_next_flush()');
    const { rows } = await books.owner.query<{ scans: bigint }>(
      `select seq_scan as scans from pg_stat_all_tables where relid = 'reconcile.listed'::regclass`,
    );
    expect(Number(rows[0]?.scans)).toBeLessThan(50);
  } finally {
    await books.close();
  }
});

describe('a list that names a refund twice among many', () => {
  test('is found out by the one row that is too many', async () => {
    const list = await bigList('twice.csv', 20_000, () => 100);
    await appendFile(list, `${numberOf(77)},wechat,100,CNY,2026-11-20T09:00:00+08:00,,,,,\n`);
    const statement = await desk.put('some.csv', tradeBill([{ refundNo: numberOf(77) }]));
    const document = await documentOf({ statements: [statement], list, flags: ['--as-of', '2026-11-20'] });

    expect(document.refunds).toBe(20_001);
    expect(document.matched.refund_no).toBe(1);
    expect(document.breaks.duplicate_line).toBe(1);
    expect(document.waiting).toBe(19_999);
  });
});
