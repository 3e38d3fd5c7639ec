/** Each way in which a list and a statement can differ is named by its kind, once, with both sides of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DifferenceDocument, ReconcileDocument } from '../../cli/reconcile/document.ts';
import type { BillRefund } from './bill.ts';
import { serial, tradeBill } from './bill.ts';
import type { Desk, ListRow } from './reconcile-run.ts';
import { documentOf, reconcile, openDesk, refundList } from './reconcile-run.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.clear());

/** A day long after every window of the bills here. */
const LATER = '2026-12-31';

async function held(
  lines: readonly BillRefund[],
  rows: readonly ListRow[],
  asOf = LATER,
): Promise<ReconcileDocument> {
  const statement = await desk.put('bill.csv', tradeBill(lines, { payments: 2 }));
  const list = await desk.put('refunds.csv', refundList(rows));
  return documentOf({ statements: [statement], list, flags: ['--as-of', asOf] });
}

/** Kinds with at least one break. */
function kindsOf(document: ReconcileDocument): Record<string, number> {
  return Object.fromEntries(Object.entries(document.breaks).filter(([, rows]) => rows > 0));
}

function only(document: ReconcileDocument): DifferenceDocument {
  const [first, ...more] = document.differences;
  if (first === undefined || more.length > 0) throw new Error(JSON.stringify(document.differences));
  return first;
}

describe('a match', () => {
  test('is made by our number first, whatever the channel calls the refund', async () => {
    const document = await held(
      [{ refundNo: 'R1' }, { refundNo: 'R2' }],
      [{ refund_no: 'R1' }, { refund_no: 'R2' }],
    );

    expect(document.matched).toEqual({ refund_no: 2, channel_refund_no: 0, transaction_amount: 0 });
    expect(kindsOf(document)).toEqual({});
    expect(document.placed.refund_lines).toEqual({ total: 2, matched: 2, waiting: 0, breaks: 0 });
    expect(document.placed.refunds).toEqual({ total: 2, matched: 2, waiting: 0, breaks: 0 });
  });

  test("is made by the channel's number where ours differs", async () => {
    const document = await held(
      [{ refundNo: 'CONSOLE-1', channelRefundNo: '50300000000000000000000000009' }],
      [{ refund_no: 'R1', channel_refund_no: '50300000000000000000000000009' }],
    );

    expect(document.matched).toEqual({ refund_no: 0, channel_refund_no: 1, transaction_amount: 0 });
    expect(kindsOf(document)).toEqual({});
  });

  test('is made by transaction and amount where no number agrees and nothing else fits', async () => {
    const document = await held(
      [{ refundNo: 'CONSOLE-1', transactionId: serial('4200', 7), amount: 250 }],
      [{ refund_no: 'R1', transaction_id: serial('4200', 7), amount_minor: 250 }],
    );

    expect(document.matched).toEqual({ refund_no: 0, channel_refund_no: 0, transaction_amount: 1 });
    expect(kindsOf(document)).toEqual({});
  });

  test('is not made by transaction and amount four days away from the request', async () => {
    const document = await held(
      [{ refundNo: 'CONSOLE-1', transactionId: serial('4200', 7) }],
      [{ refund_no: 'R1', transaction_id: serial('4200', 7), requested_at: '2026-11-16T09:00:00+08:00' }],
    );

    expect(document.matched.transaction_amount).toBe(0);
    expect(kindsOf(document)).toEqual({ missing_at_channel: 1, missing_in_books: 1 });
  });

  test('leaves payments of the bill out: they are lines, and no refund lines', async () => {
    const document = await held([{ refundNo: 'R1' }], [{ refund_no: 'R1' }]);

    expect(document.statements[0]).toMatchObject({ lines: 3, refund_lines: 1 });
    expect(document.placed.refund_lines.total).toBe(1);
  });
});

describe('a difference', () => {
  test('F68: a listed refund that no statement shows is missing_at_channel', async () => {
    const document = await held(
      [{ refundNo: 'R1' }],
      [{ refund_no: 'R1' }, { refund_no: 'R2', amount_minor: 777 }],
    );

    expect(kindsOf(document)).toEqual({ missing_at_channel: 1 });
    expect(only(document)).toMatchObject({
      ...{ kind: 'missing_at_channel', refund_no: 'R2', list_line: 3, amount_minor: '777' },
      ...{ statement: null, statement_line: null, statement_amount_minor: null },
    });
    expect(document.overdue).toBe(1);
  });

  test('a line that nobody has listed is missing_in_books, with the number that the channel prints', async () => {
    const document = await held(
      [{ refundNo: 'R1' }, { refundNo: 'BY-HAND', amount: 333 }],
      [{ refund_no: 'R1' }],
    );

    expect(kindsOf(document)).toEqual({ missing_in_books: 1 });
    expect(only(document)).toMatchObject({
      ...{ kind: 'missing_in_books', refund_no: 'BY-HAND', list_line: null, amount_minor: null },
      ...{ statement: desk.path('bill.csv'), statement_line: 3, statement_amount_minor: '333' },
    });
  });

  test('another amount is amount_differs, with both amounts', async () => {
    const document = await held([{ refundNo: 'R1', amount: 101 }], [{ refund_no: 'R1', amount_minor: 100 }]);

    expect(kindsOf(document)).toEqual({ amount_differs: 1 });
    expect(only(document)).toMatchObject({ amount_minor: '100', statement_amount_minor: '101' });
    expect(only(document).explanation).toBe('the list says 1.00 CNY, the statement 1.01 CNY');
    expect(document.matched.refund_no).toBe(0);
  });

  test('another currency is amount_differs, however equal the figures', async () => {
    const document = await held([{ refundNo: 'R1' }], [{ refund_no: 'R1', currency: 'USD' }]);

    expect(kindsOf(document)).toEqual({ amount_differs: 1 });
    expect(only(document).explanation).toBe('the list says 100 minor units of USD, the statement 1.00 CNY');
  });

  test('a refund that failed and is in the statement is state_conflict', async () => {
    const document = await held([{ refundNo: 'R1' }], [{ refund_no: 'R1', state: 'failed' }]);

    expect(kindsOf(document)).toEqual({ state_conflict: 1 });
    expect(only(document)).toMatchObject({ refund_no: 'R1', statement_line: 2 });
    expect(only(document).explanation).toBe('the list says failed, and the statement shows it as SUCCESS');
  });

  test.each(['closed', 'CLOSED', 'Failed', 'requested', 'needs_action', 'ABNORMAL'])(
    'the state %s contradicts a line as well',
    async (state) => {
      const document = await held([{ refundNo: 'R1' }], [{ refund_no: 'R1', state }]);

      expect(kindsOf(document)).toEqual({ state_conflict: 1 });
    },
  );

  test.each(['', 'processing', 'SUCCESS', 'succeeded', 'settled', 'unknown', 'returned'])(
    'the state "%s" agrees with a line',
    async (state) => {
      const document = await held([{ refundNo: 'R1' }], [{ refund_no: 'R1', state }]);

      expect(document.matched.refund_no).toBe(1);
      expect(kindsOf(document)).toEqual({});
    },
  );

  test.each([
    ['closed', 'CLOSED', {}],
    ['abnormal', 'ABNORMAL', {}],
    ['abnormal', 'PROCESSING', {}],
    ['succeeded', 'PROCESSING', {}],
    ['succeeded', 'CLOSED', { state_conflict: 1 }],
  ])('the state "%s" and a line that prints %s leave %j', async (state, status, kinds) => {
    const document = await held([{ refundNo: 'R1', status }], [{ refund_no: 'R1', state }]);

    expect(kindsOf(document)).toEqual(kinds);
  });

  test('a refund that failed and is in no statement misses nothing', async () => {
    const document = await held(
      [{ refundNo: 'R1' }],
      [{ refund_no: 'R1' }, { refund_no: 'R2', state: 'closed' }],
    );

    expect(kindsOf(document)).toEqual({});
    expect(document.waiting_reasons).toEqual({ inside_window: 0, statement_not_made: 0, failed: 1 });
    expect(document.waiting).toBe(1);
    expect(document.overdue).toBe(0);
  });

  test('a line dated over a day before its refund was asked for is state_conflict', async () => {
    const document = await held(
      [{ refundNo: 'R1', at: '2026-11-20 10:00:00' }],
      [{ refund_no: 'R1', requested_at: '2026-11-21T10:00:01+08:00' }],
    );

    expect(kindsOf(document)).toEqual({ state_conflict: 1 });
    expect(only(document).explanation).toBe(
      'the statement dates it 2026-11-20 10:00, over a day before it was asked for',
    );
  });

  test('a line that the statement prints twice is duplicate_line, and its refund stays matched', async () => {
    const document = await held([{ refundNo: 'R1' }, { refundNo: 'R1' }], [{ refund_no: 'R1' }]);

    expect(document.matched.refund_no).toBe(1);
    expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
    expect(only(document)).toMatchObject({ refund_no: null, statement_refund_no: 'R1', statement_line: 3 });
    expect(only(document).explanation).toBe(
      `the statement shows the same refund on line 2 of ${desk.path('bill.csv')} (refund R1)`,
    );
  });

  test('a refund that the list names twice is duplicate_line, and one of the two stays matched', async () => {
    const document = await held([{ refundNo: 'R1' }], [{ refund_no: 'R1' }, { refund_no: 'R1' }]);

    expect(document.refunds).toBe(2);
    expect(document.matched.refund_no).toBe(1);
    expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
    expect(only(document)).toMatchObject({ refund_no: 'R1', list_line: 3, statement_line: null });
    expect(only(document).explanation).toBe(
      'the same number is on line 2 of the list: a refund has one number of its own',
    );
  });

  test.each([
    ['first', [999, 100], 999],
    ['second', [100, 999], 999],
    ['first', [100, 999], 100],
    ['second', [999, 100], 100],
  ])(
    'where two rows of one number differ, the %s of %j agrees with the line and stands for both',
    async (_, amounts, amount) => {
      const rows = amounts.map((amount_minor) => ({ refund_no: 'R1', amount_minor }));
      const document = await held([{ refundNo: 'R1', amount }], rows);

      expect(document.matched.refund_no).toBe(1);
      expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
      expect(only(document)).toMatchObject({ amount_minor: String(amount === 100 ? 999 : 100) });
      expect(only(document).explanation).toContain('with another amount');
    },
  );

  test.each(['first', 'second'])(
    'a row with the number of another refund is matched by the channel’s number, wherever in the list it stands: %s',
    async (place) => {
      const [own, other] = [serial('5030', 1), serial('5030', 2)];
      const rows = [
        { refund_no: 'R2', channel_refund_no: own },
        { refund_no: 'R2', channel_refund_no: other },
      ];
      const document = await held(
        [
          { refundNo: 'R1', channelRefundNo: own },
          { refundNo: 'R2', channelRefundNo: other },
        ],
        place === 'first' ? rows : rows.toReversed(),
      );

      expect(document.matched).toMatchObject({ refund_no: 1, channel_refund_no: 1 });
      expect(kindsOf(document)).toEqual({});
      expect(document.renumbered).toMatchObject([{ refund_no: 'R2', statement_refund_no: 'R1' }]);
      const { stdout } = await reconcile({
        statements: [desk.path('bill.csv')],
        list: desk.path('refunds.csv'),
      });
      expect(stdout).not.toContain('全部核平');
      expect(stdout).toContain('1 refund matched under another number than yours');
    },
  );

  test('a second row of a number is no slip where no line prints that number', async () => {
    const document = await held(
      [{ refundNo: 'R1', channelRefundNo: serial('5030', 1) }],
      [{ refund_no: 'R2', channel_refund_no: serial('5030', 1) }, { refund_no: 'R2' }],
    );

    expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
    expect(document.matched).toMatchObject({ channel_refund_no: 1 });
  });

  test('a row whose channel number leads to the line of another row’s number is a second row of its own number', async () => {
    const [first, second] = [serial('5030', 2), serial('5030', 3)];
    const document = await held(
      [
        { refundNo: 'R11', channelRefundNo: first },
        { refundNo: 'R12', channelRefundNo: second },
      ],
      [
        { refund_no: 'R11' },
        { refund_no: 'R12', channel_refund_no: first },
        { refund_no: 'R12', channel_refund_no: second },
      ],
    );

    expect(document.matched).toMatchObject({ refund_no: 2 });
    expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
  });

  test('of two rows of one number and one channel number, neither has it by a slip', async () => {
    const channel_refund_no = serial('5030', 1);
    const document = await held(
      [{ refundNo: 'R1', channelRefundNo: channel_refund_no }],
      [
        { refund_no: 'R2', channel_refund_no },
        { refund_no: 'R2', channel_refund_no },
      ],
    );

    expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
    expect(document.matched).toMatchObject({ channel_refund_no: 1 });
  });

  test('F73: one line that fits two refunds is ambiguous, and so are the refunds', async () => {
    const transaction_id = serial('4200', 7);
    const document = await held(
      [{ refundNo: 'BY-HAND', transactionId: transaction_id }],
      [
        { refund_no: 'R1', transaction_id },
        { refund_no: 'R2', transaction_id },
      ],
    );

    expect(kindsOf(document)).toEqual({ ambiguous: 3 });
    expect(document.placed.refund_lines).toMatchObject({ total: 1, breaks: 1 });
    expect(document.placed.refunds).toMatchObject({ total: 2, breaks: 2 });
    expect(document.differences.map(({ explanation }) => explanation).toSorted()).toEqual([
      'could be R1 or R2: same transaction and amount',
      `could be line 2 of ${desk.path('bill.csv')}: same transaction and amount`,
      `could be line 2 of ${desk.path('bill.csv')}: same transaction and amount`,
    ]);
  });

  test('two lines that fit one refund are ambiguous, and so is the refund', async () => {
    const transactionId = serial('4200', 7);
    const document = await held(
      [
        { refundNo: 'BY-HAND-1', transactionId },
        { refundNo: 'BY-HAND-2', transactionId },
      ],
      [{ refund_no: 'R1', transaction_id: transactionId }],
    );

    expect(kindsOf(document)).toEqual({ ambiguous: 3 });
    expect(document.placed.refund_lines.breaks).toBe(2);
    expect(document.placed.refunds.breaks).toBe(1);
  });

  test("a channel's number that the list gives to two refunds names neither", async () => {
    const channel_refund_no = serial('5030', 9);
    const document = await held(
      [{ refundNo: 'BY-HAND', channelRefundNo: channel_refund_no }],
      [
        { refund_no: 'R1', channel_refund_no },
        { refund_no: 'R2', channel_refund_no },
      ],
    );

    expect(document.matched.channel_refund_no).toBe(0);
    expect(kindsOf(document)).toEqual({ missing_at_channel: 2, missing_in_books: 1 });
  });

  test('all kinds at once are told apart, and every line and refund is in one place', async () => {
    const document = await held(
      [
        ...[{ refundNo: 'GOOD' }, { refundNo: 'DEARER', amount: 200 }, { refundNo: 'FAILED' }],
        ...[{ refundNo: 'TWICE' }, { refundNo: 'TWICE' }, { refundNo: 'EXTRA' }],
      ],
      [
        ...[{ refund_no: 'GOOD' }, { refund_no: 'DEARER' }, { refund_no: 'FAILED', state: 'failed' }],
        ...[{ refund_no: 'TWICE' }, { refund_no: 'LOST' }, { refund_no: 'GONE', state: 'failed' }],
      ],
    );

    expect(document.breaks).toEqual({
      ...{ missing_at_channel: 1, missing_in_books: 1, amount_differs: 1, state_conflict: 1 },
      ...{ number_differs: 0, duplicate_line: 1, fee_differs: 0, returned: 0, late: 0, ambiguous: 0 },
      // Of the comparison with what left the account, which a run over two files does not make.
      ...{ missing_in_fund_flow: 0, missing_in_trade: 0 },
    });
    expect(document.placed).toEqual({
      refund_lines: { total: 6, matched: 2, waiting: 0, breaks: 4 },
      refunds: { total: 6, matched: 2, waiting: 1, breaks: 3 },
    });
  });
});
