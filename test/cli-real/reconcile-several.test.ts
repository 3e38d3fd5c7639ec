/** Several statements at once: days and kinds mixed, the same content twice, two deliveries of a day, several merchants. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fundFlowBill, gzipped, serial, tradeBill } from './bill.ts';
import type { Desk } from './reconcile-run.ts';
import { documentOf, openDesk, reconcile, refundList } from './reconcile-run.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.clear());

const dayBill = (day: string, refundNo: string): string => tradeBill([{ refundNo, at: `${day} 12:00:00` }]);
const asked = (day: string, refund_no: string) => ({ refund_no, requested_at: `${day}T11:00:00+08:00` });
const DAYS = ['2026-11-18', '2026-11-19', '2026-11-20'] as const;

describe('statements of several days', () => {
  test('are held against the list together, in whatever order and packing they are given', async () => {
    const statements = [
      await desk.put('c', dayBill(DAYS[2], 'R3')),
      await desk.put('a', gzipped(dayBill(DAYS[0], 'R1'))),
      await desk.put('b', dayBill(DAYS[1], 'R2')),
    ];
    const list = await desk.put(
      'refunds.csv',
      refundList([asked(DAYS[0], 'R1'), asked(DAYS[1], 'R2'), asked(DAYS[2], 'R3')]),
    );
    const document = await documentOf({ statements, list });

    expect(document.matched.refund_no).toBe(3);
    expect(document.statements.map(({ file, first_date }) => [file, first_date])).toEqual([
      [desk.path('c'), DAYS[2]],
      [desk.path('a'), DAYS[0]],
      [desk.path('b'), DAYS[1]],
    ]);
  });

  test('that show one refund on two days have it once, and the later line is a duplicate', async () => {
    const statements = [
      await desk.put('later.csv', dayBill(DAYS[2], 'R1')),
      await desk.put('earlier.csv', dayBill(DAYS[1], 'R1')),
    ];
    const list = await desk.put('refunds.csv', refundList([asked(DAYS[1], 'R1')]));
    const document = await documentOf({ statements, list });

    expect(document.matched.refund_no).toBe(1);
    expect(document.breaks.duplicate_line).toBe(1);
    expect(document.differences[0]).toMatchObject({
      statement: desk.path('later.csv'),
      explanation: `the statement shows the same refund on line 2 of ${desk.path('earlier.csv')} (refund R1)`,
    });
  });

  test('answer for a refund of the evening whose line is in the bill of the day after', async () => {
    const statements = [await desk.put('20.csv', dayBill(DAYS[2], 'R1'))];
    const list = await desk.put(
      'refunds.csv',
      refundList([{ ...asked(DAYS[1], 'R1'), requested_at: `${DAYS[1]}T23:59:58+08:00` }]),
    );
    const document = await documentOf({ statements, list });

    expect(document.matched.refund_no).toBe(1);
  });
});

describe('statements of a whole week', () => {
  test('find their refunds by each of the three ways, as those of one day do', async () => {
    const days = Array.from({ length: 7 }, (_, index) => `2026-11-${String(index + 10)}`);
    const number = (prefix: string, index: number): string => serial(prefix, index);
    const statements = await Promise.all(
      days.map((day, index) =>
        desk.put(
          day,
          tradeBill(
            ['A', 'B', 'C'].map((name, nth) => ({
              ...{ refundNo: `${name}${day}`, at: `${day} 12:00:00`, amount: 100 + nth },
              channelRefundNo: number('5030', index * 3 + nth),
              transactionId: number('4200', index * 3 + nth),
            })),
          ),
        ),
      ),
    );
    const rows = days.flatMap((day, index) => [
      asked(day, `A${day}`),
      { ...asked(day, `X${day}`), amount_minor: 101, channel_refund_no: number('5030', index * 3 + 1) },
      { ...asked(day, `Y${day}`), amount_minor: 102, transaction_id: number('4200', index * 3 + 2) },
    ]);
    const list = await desk.put('refunds.csv', refundList(rows));
    const document = await documentOf({ statements, list });

    expect(document.matched).toEqual({ refund_no: 7, channel_refund_no: 7, transaction_amount: 7 });
    expect(document.placed.refund_lines).toMatchObject({ total: 21, matched: 21 });
  });
});

describe('the same content given twice', () => {
  test.each([
    ['as the same path', (name: string) => [name, name]],
    ['as a copy under another name', (name: string) => [name, `${name}-copy`]],
    ['once plain and once packed', (name: string) => [name, `${name}.gz`]],
  ])('%s is counted once, and that is said', async (_, paths) => {
    const bill = dayBill(DAYS[0], 'R1');
    const [first, again] = paths('bill.csv');
    await desk.put('bill.csv', bill);
    await desk.put('bill.csv-copy', bill);
    await desk.put('bill.csv.gz', gzipped(bill));
    const list = await desk.put('refunds.csv', refundList([asked(DAYS[0], 'R1')]));
    const statements = [desk.path(first ?? ''), desk.path(again ?? '')];
    const said = await reconcile({ statements, list, flags: ['--json'] });

    const document = JSON.parse(said.stdout) as Awaited<ReturnType<typeof documentOf>>;
    expect(document.statements).toMatchObject([{ file: statements[0], given_again: [statements[1]] }]);
    expect(document.placed.refund_lines).toMatchObject({ total: 1, matched: 1, breaks: 0 });
    expect(said.stderr).toContain(
      `${statements[1] ?? ''} has the same content as ${statements[0] ?? ''}: it was counted once.`,
    );
  });

  test('three times is still once', async () => {
    const statement = await desk.put('bill.csv', dayBill(DAYS[0], 'R1'));
    const list = await desk.put('refunds.csv', refundList([asked(DAYS[0], 'R1')]));
    const document = await documentOf({ statements: [statement, statement, statement], list });

    expect(document.statements).toHaveLength(1);
    expect(document.statements[0]?.given_again).toEqual([statement, statement]);
  });
});

describe('two different trade statements of one day', () => {
  test('both count, and the run warns that a refund in both is a duplicate line', async () => {
    const statements = [
      await desk.put('first.csv', tradeBill([{ refundNo: 'R1' }, { refundNo: 'R2' }])),
      await desk.put('again.csv', tradeBill([{ refundNo: 'R1' }, { refundNo: 'R3' }])),
    ];
    const list = await desk.put(
      'refunds.csv',
      refundList([{ refund_no: 'R1' }, { refund_no: 'R2' }, { refund_no: 'R3' }]),
    );
    const said = await reconcile({ statements, list, flags: ['--json'] });

    const document = JSON.parse(said.stdout) as Awaited<ReturnType<typeof documentOf>>;
    expect(document.matched.refund_no).toBe(3);
    expect(document.breaks.duplicate_line).toBe(1);
    expect(said.stderr).toContain(
      `${statements[0] ?? ''} and ${statements[1] ?? ''} are both trade statements of 1900000109 for 2026-11-20`,
    );
  });

  test('of two merchants are held against one list, and the run says so', async () => {
    const statements = [
      await desk.put('one.csv', tradeBill([{ refundNo: 'R1' }], { merchantNo: '1900000001' })),
      await desk.put('two.csv', tradeBill([{ refundNo: 'R2' }], { merchantNo: '1900000002' })),
    ];
    const list = await desk.put('refunds.csv', refundList([{ refund_no: 'R1' }, { refund_no: 'R2' }]));
    const said = await reconcile({ statements, list, flags: ['--json'] });

    expect(JSON.parse(said.stdout)).toMatchObject({ matched: { refund_no: 2 } });
    expect(said.stderr).toContain('The statements are of 2 merchants (1900000001, 1900000002)');
    expect(said.stderr).not.toContain('are both trade statements');
  });
});

describe('a fund-flow statement', () => {
  const movements = [
    ...[{ at: '2026-11-20 10:00:01', channelNo: '50300000000000000000000000001', type: '退款' }].map(
      (one) => ({
        ...{ ...one, direction: '支出' as const, amount: 100, voucher: 'R1' },
      }),
    ),
    ...[{ at: '2026-11-20 09:00:01', channelNo: '42000000000000000000000000001', type: '交易' }].map(
      (one) => ({
        ...{ ...one, direction: '收入' as const, amount: 500, voucher: 'P1' },
      }),
    ),
  ];

  test('is read and its totals are checked, and it matches nothing by itself', async () => {
    const statement = await desk.put('flow.csv', fundFlowBill(movements));
    const list = await desk.put('refunds.csv', refundList([{ refund_no: 'R1' }]));
    const document = await documentOf({ statements: [statement], list, flags: ['--as-of', '2026-12-31'] });

    expect(document.statements).toMatchObject([
      {
        ...{ kind: 'fund_flow', lines: 2, refund_lines: 0 },
        totals: { agree: true, declared: { movements: '2', in_minor: '500', out_minor: '100' } },
      },
    ]);
    expect(document.placed.refund_lines.total).toBe(0);
    expect(document.breaks.missing_at_channel).toBe(1);
    // It is no statement of refunds: that of their day was not given.
    expect(document.missing_without_statement).toBe(1);
  });

  test('beside the trade statement of its day neither adds lines of refunds nor makes duplicates', async () => {
    const statements = [
      await desk.put('flow.csv', fundFlowBill(movements)),
      await desk.put('trade.csv', tradeBill([{ refundNo: 'R1' }])),
    ];
    const list = await desk.put('refunds.csv', refundList([{ refund_no: 'R1' }]));
    const said = await reconcile({ statements, list, flags: ['--json'] });

    expect(JSON.parse(said.stdout)).toMatchObject({
      matched: { refund_no: 1 },
      breaks: { duplicate_line: 0, missing_in_books: 0 },
      statements: [{ kind: 'fund_flow' }, { kind: 'trade' }],
    });
    expect(said.stderr).not.toContain('are both trade statements');
  });
});

describe('a statement without lines', () => {
  test('is read: nothing happened on its day', async () => {
    const statement = await desk.put('empty.csv', tradeBill([]));
    const list = await desk.put('refunds.csv', refundList([{ refund_no: 'R1' }]));
    const run = { statements: [statement], list, flags: ['--as-of', '2026-12-31'] };
    const document = await documentOf(run);
    const said = await reconcile(run);

    expect(document.statements).toMatchObject([{ lines: 0, refund_lines: 0, first_date: null }]);
    expect(document.breaks.missing_at_channel).toBe(1);
    expect(said.stdout).toMatch(/empty\.csv +trade \(all\) +no lines +0 +0 +0 +agree$/m);
  });
});
