/**
 * F58 I19: a large bill goes into the books in as little memory as a small one. `YUANLU_LARGE_LINES=10000000` makes it one of ten
 * million lines.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BILL_DATE, expectedOf, makeUp, WARM_UP_DATE, warmUpRefunds } from '../../bench/bill.ts';
import { copyOf, dropCopy, fillBooks } from '../../bench/books.ts';
import type { Bill, WholeWay } from '../../bench/matching.ts';
import { billOn } from '../../bench/matching.ts';
import { assertFound } from '../../bench/statements.ts';
import { inProcess } from '../../bench/task.ts';
import { required } from '../support/required.ts';

const ADMIN_URL = required('YUANLU_TEST_DATABASE_URL');
const BOOKS = `large_books_${String(process.pid)}`;
const LINES = Number(process.env['YUANLU_LARGE_LINES'] ?? 300_000);
const SEED = 58;
const MEMORY_MAX_MB = 300;
const TIMEOUT_MS = 120_000 + LINES / 2;

const refunds = makeUp(LINES, SEED, BILL_DATE);
let folder: string;
let bill: Bill;
let warmUp: Bill;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-large-'));
  bill = await billOn(BILL_DATE, join(folder, 'bill.csv.gz'), refunds);
  warmUp = await billOn(WARM_UP_DATE, join(folder, 'warm-up.csv.gz'), warmUpRefunds(SEED));
  await fillBooks(ADMIN_URL, [...warmUpRefunds(SEED), ...refunds], BOOKS);
}, TIMEOUT_MS);

afterAll(async () => {
  await dropCopy(ADMIN_URL, BOOKS);
  await rm(folder, { recursive: true, force: true });
});

test(
  `F58 I19: ${String(LINES)} lines are loaded and matched by a process of at most ${String(MEMORY_MAX_MB)} MB`,
  async () => {
    const url = await copyOf(ADMIN_URL, BOOKS, `${BOOKS}_round`);
    const { result, peakRssMb } = await inProcess({ kind: 'whole_way', url, bill, warmUp });
    await dropCopy(ADMIN_URL, `${BOOKS}_round`);

    assertFound(result as unknown as WholeWay, expectedOf(refunds));
    expect(peakRssMb).toBeLessThanOrEqual(MEMORY_MAX_MB);
  },
  TIMEOUT_MS,
);
