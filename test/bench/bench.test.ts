/** The benchmark measures what it says: its bill is the same each time, adds up, and differs from the books as it counts. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BILL_DATE, expectedOf, makeUp, writeBill } from '../../bench/bill.ts';
import { describeBill, onlyUnpack, readBill, withCsvParse, withPapaParse } from '../../bench/reading.ts';
import type { Report } from '../../bench/report.ts';
import { figure, isMet, leftOut, median, paceOf, reportText, withPace } from '../../bench/report.ts';

const LINES = 4_000;

let dir: string;
let path: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'yuanlu-bench-test-'));
  path = join(dir, 'bill.csv.gz');
  await writeBill(path, makeUp(LINES, 1, BILL_DATE));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('the made-up bill', () => {
  test('has the same bytes for the same seed, and others for another', async () => {
    const [again, other] = [join(dir, 'again.gz'), join(dir, 'other.gz')];

    await writeBill(again, makeUp(LINES, 1, BILL_DATE));
    await writeBill(other, makeUp(LINES, 2, BILL_DATE));

    const bytes = await readFile(path);
    expect((await readFile(again)).equals(bytes)).toBe(true);
    expect((await readFile(other)).equals(bytes)).toBe(false);
  });

  test('has rows of the documented size, each difference, and as many lines as each reader of it finds', async () => {
    const refunds = makeUp(LINES, 1, BILL_DATE);
    const expected = expectedOf(refunds);
    const { bytes } = await describeBill(path);

    expect(bytes / expected.lines).toBeGreaterThan(300);
    expect(bytes / expected.lines).toBeLessThan(360);
    expect(await readBill(path)).toBe(expected.lines);
    expect(await withCsvParse(path)).toBe(expected.lines);
    expect(await withPapaParse(path)).toBe(expected.lines);
    expect(await onlyUnpack(path)).toBe(bytes);
    for (const count of Object.values(expected.breaks)) expect(count).toBeGreaterThan(0);
    expect(new Set(refunds.map((one) => one.refundNo)).size).toBe(LINES);
    expect(new Set(refunds.map((one) => one.channelRefundNo)).size).toBe(LINES);
  });
});

describe('a figure', () => {
  test('is the median of its rounds, against a goal from above or below', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    const fast = figure('P2', 'x', 'lines/s', [1, 9, 5], { at: 'least', value: 5 });
    const slow = figure('P6', 'x', 'MB', [6], { at: 'most', value: 5 });
    expect([isMet(fast), isMet(slow), isMet(figure(null, 'x', '', [1]))]).toEqual([true, false, null]);
  });

  test('that cannot be measured is no goal missed, and says why it is not there', () => {
    const none = { ...leftOut('P7', 'memory of the backends', 'MB', 'not on Linux'), met: null };
    const report: Report = {
      machine: { cpus: 2, model: 'some', memoryGb: 24, node: 'v20' },
      size: { lines: 1_000, billMb: 1, packedMb: 0.1, rounds: 1 },
      figures: [none],
      elapsedMs: 1_000,
    };

    expect(isMet(none)).toBeNull();
    expect(reportText(report)).toMatch(/^P7 +memory of the backends +– +MB/m);
    expect(reportText(report)).toContain('P7: not measured: not on Linux');
  });

  test('that missed a goal by the clock says what it would be on the machine of the goals, and stays missed', () => {
    const pace = paceOf([208_500]);
    const lines = figure('P2', 'lines', 'lines/s', [110_000], { at: 'least', value: 200_000 });
    const wait = figure('P14', 'wait', 'ms', [30], { at: 'most', value: 25 });
    const ratio = figure('P1', 'ratio', '×', [3], { at: 'most', value: 2.5 });
    const met = figure('P13', 'replays', '/s', [120], { at: 'least', value: 100 });

    const [, first, second, ...others] = withPace([pace, lines, wait, ratio, met]);

    expect(first?.note).toContain('it would be 220,000 lines/s');
    expect(second?.note).toContain('it would be 15 ms');
    expect(others).toEqual([ratio, met]);
    expect([first, second].map((one) => one && isMet(one))).toEqual([false, false]);
    expect(withPace([lines])).toEqual([lines]);
  });

  test('is shown with its goal and its rounds', () => {
    const met = {
      ...figure('P2', 'bill to breaks', 'lines/s', [250_000.4], { at: 'least', value: 200_000 }),
      met: true,
    };
    const report: Report = {
      machine: { cpus: 2, model: 'some', memoryGb: 24, node: 'v20' },
      size: { lines: 1_000, billMb: 1, packedMb: 0.1, rounds: 1 },
      figures: [met],
      elapsedMs: 1_000,
    };

    expect(reportText(report)).toMatch(/^P2 +bill to breaks +250,000 +lines\/s +≥ 200,000 +✓ +250,000$/m);
  });
});

test.each([
  ['statement', ['P2', 'P6', 'P9', 'P11']],
  ['book', ['P10']],
] as const)(
  'a quick run of the part %s finds in the books what was made up, and prints one document',
  async (part, ids) => {
    const script = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));
    const args = ['--import', 'tsx', script, '--quick', '--only', part, '--json'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const parts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (parts.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (parts.stderr += text));

    const [code] = (await once(child, 'close')) as [number | null];

    expect(code, parts.stderr).toBe(0);
    const report = JSON.parse(parts.stdout) as Report;
    expect(report.figures.map((one) => one.id).filter((id) => id !== null)).toEqual(ids);
    for (const one of report.figures) expect(one.value).toBeGreaterThan(0);
  },
  120_000,
);
