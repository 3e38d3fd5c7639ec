/** The JSON of `yuanlu reconcile`, its exit codes and its two faces, as the design fixes them (section 13). */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tradeBill } from './bill.ts';
import type { Desk } from './reconcile-run.ts';
import { documentOf, openDesk, reconcile, refundList } from './reconcile-run.ts';

let desk: Desk;
let statement: string;
let agreeing: string;
let differing: string;

beforeAll(async () => {
  desk = await openDesk();
  statement = await desk.put(
    'bill.csv',
    tradeBill([{ refundNo: 'R1' }, { refundNo: 'R2' }], { payments: 3 }),
  );
  agreeing = await desk.put('agreeing.csv', refundList([{ refund_no: 'R1' }, { refund_no: 'R2' }]));
  differing = await desk.put('differing.csv', refundList([{ refund_no: 'R1', amount_minor: 99 }]));
});

afterAll(() => desk.clear());

describe('the document', () => {
  test('has the fields of the contract, and additions that are known here', async () => {
    const document = await documentOf({ statements: [statement], list: agreeing });

    expect(Object.keys(document).toSorted()).toEqual(
      [
        // Of the contract.
        ...['channel', 'statements', 'refunds', 'matched', 'waiting', 'overdue', 'breaks', 'elapsed_ms'],
        'lines_per_second',
        // Additions.
        ...[
          'as_of',
          'line_proves',
          'corrections',
          'waiting_reasons',
          'placed',
          'missing_without_statement',
          'differences',
        ],
        ...['differences_left_off', 'other_channels', 'renumbered', 'renumbered_left_off'],
      ].toSorted(),
    );
    expect(document).toMatchObject({
      channel: 'wechat',
      refunds: 2,
      matched: { refund_no: 2, channel_refund_no: 0, transaction_amount: 0 },
      waiting: 0,
      overdue: 0,
    });
    expect(document.breaks).toEqual({
      ...{ missing_at_channel: 0, missing_in_books: 0, amount_differs: 0, state_conflict: 0 },
      ...{ number_differs: 0, duplicate_line: 0, fee_differs: 0, returned: 0, late: 0, ambiguous: 0 },
      ...{ missing_in_fund_flow: 0, missing_in_trade: 0 },
    });
  });

  test('describes each statement with both totals as texts of whole numbers', async () => {
    const document = await documentOf({ statements: [statement], list: agreeing });

    const totals = {
      ...{ orders: '5', settlement_minor: '300', refund_minor: '200', coupon_refund_minor: '0' },
      ...{ fee_e5: '0', order_minor: '300', applied_refund_minor: '200' },
    };
    expect(document.statements).toEqual([
      {
        ...{ file: statement, given_again: [], kind: 'trade', variant: 'all' },
        ...{ first_date: '2026-11-20', last_date: '2026-11-20' },
        ...{ lines: 5, refund_lines: 2, quarantined: 0, remarks: [] },
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        totals: { declared: totals, computed: totals, agree: true },
      },
    ]);
  });

  test('says how fast the lines went, in whole numbers that belong together', async () => {
    const { elapsed_ms: elapsedMs, lines_per_second: rate } = await documentOf({
      statements: [statement],
      list: agreeing,
    });

    expect(Number.isInteger(elapsedMs) && elapsedMs > 0).toBe(true);
    expect(rate).toBe(Math.round(5_000 / elapsedMs));
  });

  test('is one line on stdout and the only thing there', async () => {
    const said = await reconcile({ statements: [statement], list: differing, flags: ['--json'] });

    expect(said.stdout.endsWith('}\n')).toBe(true);
    expect(said.stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  test('is also summary.json, word for word', async () => {
    const out = desk.path('result');
    const said = await reconcile({
      statements: [statement],
      list: differing,
      flags: ['--json', '--out', out],
    });

    const summary: unknown = JSON.parse(await readFile(`${out}/summary.json`, 'utf8'));
    expect(summary).toEqual(JSON.parse(said.stdout));
  });

  test('names at most a hundred breaks of a kind and counts those that it leaves off', async () => {
    const rows = Array.from({ length: 130 }, (_, index) => ({ refund_no: `LOST-${String(index)}` }));
    const list = await desk.put('long.csv', refundList(rows));
    const document = await documentOf({ statements: [statement], list, flags: ['--as-of', '2026-12-31'] });

    expect(document.breaks).toMatchObject({ missing_at_channel: 130, missing_in_books: 2 });
    expect(document.differences).toHaveLength(102);
    expect(document.differences_left_off).toBe(30);
  });
});

describe('the exit code', () => {
  test.each([
    ['0 when everything agrees', () => agreeing, [], 0],
    ['0 when it found breaks that nobody asked to fail on', () => differing, [], 0],
    ['0 with --fail-on-breaks when there are none', () => agreeing, ['--fail-on-breaks'], 0],
    ['1 with --fail-on-breaks when there are some', () => differing, ['--fail-on-breaks'], 1],
  ])('is %s', async (_, list, flags, code) => {
    const said = await reconcile({ statements: [statement], list: list(), flags });

    expect(said.code).toBe(code);
  });

  test('is 0 with --fail-on-breaks while refunds are only waiting', async () => {
    const list = await desk.put(
      'waiting.csv',
      refundList([{ refund_no: 'R1' }, { refund_no: 'R2' }, { refund_no: 'R3' }]),
    );
    const said = await reconcile({
      statements: [statement],
      list,
      flags: ['--fail-on-breaks', '--as-of', '2026-11-20', '--json'],
    });

    expect(JSON.parse(said.stdout)).toMatchObject({ waiting: 1 });
    expect(said.code).toBe(0);
  });
});

describe('the tables for people', () => {
  test('say that nothing is left over, and as of when', async () => {
    const said = await reconcile({
      statements: [statement],
      list: agreeing,
      flags: ['--as-of', '2026-11-22'],
    });

    expect(said.stdout).toContain('全部核平 · Nothing is left over.');
    expect(said.stdout).toContain('没有逾期退款 · No overdue refunds.');
    expect(said.stdout).toContain('Judged as of 2026-11-22 23:59 (Beijing).');
    expect(said.stdout).toMatch(/^matched +2 +2 +2 by refund number$/m);
    expect(said.stdout).toMatch(/trade \(all\) +2026-11-20 +5 +2 +0 +agree$/m);
  });

  test('name a break with both its amounts, the place of its line and the reason', async () => {
    const said = await reconcile({ statements: [statement], list: differing });

    expect(said.stdout).toContain('2 breaks: missing_in_books 1, amount_differs 1');
    expect(said.stdout).toMatch(
      /^amount_differs +R1 +0\.99 +1\.00 +line 2: the list says 0\.99 CNY, the statement 1\.00 CNY$/m,
    );
    expect(said.stdout).toMatch(
      /^missing_in_books +R2 +1\.00 +line 3: in the statement, and not in the list$/m,
    );
  });

  test('show ten breaks of a kind, so that many of one kind do not hide the others, and say where the rest is', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => ({ refund_no: `LOST-${String(index + 10)}` }));
    const list = await desk.put('long.csv', refundList(rows));
    const run = { statements: [statement], list, flags: ['--as-of', '2026-12-31'] };
    const said = await reconcile(run);
    const withFiles = await reconcile({ ...run, flags: [...run.flags, '--out', desk.path('result')] });

    expect(said.stdout.match(/^missing_at_channel +LOST-/gm)).toHaveLength(10);
    expect(said.stdout.match(/^missing_in_books +R[12] /gm)).toHaveLength(2);
    expect(said.stdout).toContain('and 30 more; give --out DIR for all of them');
    expect(withFiles.stdout).toContain('and 30 more; all are in the files');
  });

  test('list overdue refunds with the serials that people quote', async () => {
    const list = await desk.put(
      'late.csv',
      refundList([
        { refund_no: 'R1' },
        { refund_no: 'R2' },
        { refund_no: 'R9', channel_refund_no: '50300000000000000000000000777', source: 'debit_card' },
      ]),
    );
    const said = await reconcile({ statements: [statement], list, flags: ['--as-of', '2026-11-30'] });

    expect(said.stdout).toContain('Past the promise, without evidence: 1 refund\n');
    // Asked for on Friday 20 November: promised by Wednesday the 25th, looked into from Friday the 27th on.
    expect(said.stdout).toMatch(
      /^R9 +1\.00 +the end of 2026-11-25 +3 +alarm +50300000000000000000000000777 +not listed$/m,
    );
  });
});
