/**
 * The published bill, read where it lies (YUANLU_VECTORS): 45 lines, 14 of them refunds, sums that agree. Then lists that
 * differ from it in planted ways. The list is made from the bill by splitting text, not by the reader under test.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReconcileDocument } from '../../cli/reconcile/document.ts';
import { tradeBill } from './bill.ts';
import type { Desk, ListRow } from './reconcile-run.ts';
import { documentOf, openDesk, reconcile, refundList } from './reconcile-run.ts';
import { storedZip } from './zip.ts';

const VECTORS = process.env['YUANLU_VECTORS'];

if (VECTORS !== undefined && VECTORS !== '') describeVectors(join(VECTORS, 'bills/wechat-trade-ALL.csv'));

test('a list that is made from a bill by splitting its text names every refund of it', async () => {
  const desk = await openDesk();
  try {
    const bill = tradeBill(
      [
        { refundNo: 'R1', amount: 1 },
        { refundNo: 'R2', amount: 1 },
      ],
      { payments: 3 },
    );
    const statement = await desk.put('bill.csv', bill);
    const list = await desk.put('refunds.csv', refundList(refundsIn(bill)));
    const document = await documentOf({ statements: [statement], list });

    expect(document.matched.refund_no).toBe(2);
    expect(document.placed.refunds.total).toBe(2);
  } finally {
    await desk.clear();
  }
});

/** A refund of the bill by the places of its columns as documented for bills of type ALL. */
function refundsIn(bill: string): Required<Omit<ListRow, 'source' | 'state'>>[] {
  return bill
    .split('\r\n')
    .filter((line) => line.includes(',`REFUND,`'))
    .map((line) => line.slice(1).split(',`'))
    .map((cells) => ({
      refund_no: cells[15] ?? '',
      channel: 'wechat',
      // All fourteen are of 0.01 yuan; anything else would not be a whole number here.
      amount_minor: Math.round(Number(cells[25]) * 100),
      currency: cells[11] ?? '',
      requested_at: `${(cells[0] ?? '').replace(' ', 'T')}+08:00`,
      channel_refund_no: cells[14] ?? '',
      transaction_id: cells[5] ?? '',
      payment_no: cells[6] ?? '',
    }));
}

function describeVectors(bill: string): void {
  let desk: Desk;
  let refunds: ReturnType<typeof refundsIn>;

  beforeAll(async () => {
    desk = await openDesk();
    refunds = refundsIn(await readFile(bill, 'utf8'));
  });

  afterAll(() => desk.clear());

  const held = async (rows: readonly ListRow[], statement = bill): Promise<ReconcileDocument> => {
    const list = await desk.put('refunds.csv', refundList(rows));
    return documentOf({ statements: [statement], list });
  };
  /** The list with one of its refunds changed. */
  const withOne = (change: Partial<ListRow>, at = 3): ListRow[] =>
    refunds.map((row, index) => (index === at ? { ...row, ...change } : row));
  const kindsOf = (document: ReconcileDocument): Record<string, number> =>
    Object.fromEntries(Object.entries(document.breaks).filter(([, rows]) => rows > 0));

  describe('the published bill', () => {
    test('has 45 lines and 14 refunds, its totals agree, and its own list matches it by number', async () => {
      const document = await held(refunds);

      expect(refunds).toHaveLength(14);
      expect(document.statements).toMatchObject([
        {
          ...{ kind: 'trade', lines: 45, refund_lines: 14, quarantined: 0, first_date: '2019-02-19' },
          totals: {
            agree: true,
            declared: { orders: '45', settlement_minor: '47', refund_minor: '14', fee_e5: '8000' },
            computed: { orders: '45', settlement_minor: '47', refund_minor: '14' },
          },
        },
      ]);
      expect(document.refunds).toBe(14);
      expect(document.matched).toEqual({ refund_no: 14, channel_refund_no: 0, transaction_amount: 0 });
      expect(kindsOf(document)).toEqual({});
      expect([document.waiting, document.overdue]).toEqual([0, 0]);
    });

    test('needs no more of a list than its required columns', async () => {
      const columns = ['refund_no', 'channel', 'amount_minor', 'currency', 'requested_at'] as const;
      const lines = refunds.map((row) => columns.map((column) => String(row[column])).join(','));
      const list = await desk.put('least.csv', [columns.join(','), ...lines].join('\r\n'));
      const document = await documentOf({ statements: [bill], list });

      expect(document.matched.refund_no).toBe(14);
    });

    test.each([
      ['gzip', (bytes: Buffer) => gzipSync(bytes)],
      ['zip', (bytes: Buffer) => storedZip('20190219.csv', bytes)],
    ])('is the same statement packed as %s under a name that says nothing', async (packing, pack) => {
      const packed = await desk.put(`download-${packing}`, pack(await readFile(bill)));
      const plain = await held(refunds);
      const document = await held(refunds, packed);

      expect(document.statements[0]?.sha256).toBe(plain.statements[0]?.sha256);
      expect(document.matched).toEqual(plain.matched);
    });
  });

  describe('a list that differs from the published bill', () => {
    test('by a refund more is missing at the channel', async () => {
      const document = await held([
        ...refunds,
        { refund_no: 'NEVER-SENT', amount_minor: 1, requested_at: '2019-02-19T06:00:00+08:00' },
      ]);

      expect(document.matched.refund_no).toBe(14);
      expect(kindsOf(document)).toEqual({ missing_at_channel: 1 });
      expect(document.differences[0]).toMatchObject({ refund_no: 'NEVER-SENT' });
      expect(document.overdue).toBe(1);
    });

    test('by a refund less is missing in the books', async () => {
      const document = await held(refunds.slice(1));

      expect(document.matched.refund_no).toBe(13);
      expect(kindsOf(document)).toEqual({ missing_in_books: 1 });
      expect(document.differences[0]).toMatchObject({ refund_no: refunds[0]?.refund_no, statement_line: 2 });
    });

    test('in an amount', async () => {
      const document = await held(withOne({ amount_minor: 2 }));

      expect(document.matched.refund_no).toBe(13);
      expect(kindsOf(document)).toEqual({ amount_differs: 1 });
      expect(document.differences[0]).toMatchObject({ amount_minor: '2', statement_amount_minor: '1' });
    });

    test('in a currency', async () => {
      const document = await held(withOne({ currency: 'HKD' }));

      expect(kindsOf(document)).toEqual({ amount_differs: 1 });
    });

    test('by naming a refund twice', async () => {
      const document = await held([...refunds, ...refunds.slice(5, 6)]);

      expect(document.refunds).toBe(15);
      expect(document.matched.refund_no).toBe(14);
      expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
    });

    test('in our number only is matched by that of the channel, and named', async () => {
      const document = await held(withOne({ refund_no: 'RENUMBERED' }));

      expect(document.matched).toEqual({ refund_no: 13, channel_refund_no: 1, transaction_amount: 0 });
      expect(kindsOf(document)).toEqual({});
      expect(document.renumbered).toEqual([
        expect.objectContaining({
          ...{ refund_no: 'RENUMBERED', statement_refund_no: refunds[3]?.refund_no, list_line: 5 },
          matched_by: 'channel_refund_no',
        }),
      ]);
    });

    test('in our number of one line and the other numbers of another is named on both lines', async () => {
      const [first, second, ...others] = refunds as [ListRow, ListRow, ...ListRow[]];
      const document = await held([{ ...first, refund_no: second.refund_no }, ...others]);

      expect(kindsOf(document)).toEqual({ number_differs: 1 });
      expect(document.differences[0]).toMatchObject({ statement_refund_no: second.refund_no });
      expect(document.renumbered).toEqual([
        expect.objectContaining({ statement_refund_no: first.refund_no, refund_no: second.refund_no }),
      ]);
    });

    test('in both numbers is matched by transaction and amount', async () => {
      const document = await held(withOne({ refund_no: 'RENUMBERED', channel_refund_no: '' }));

      expect(document.matched).toEqual({ refund_no: 13, channel_refund_no: 0, transaction_amount: 1 });
      expect(kindsOf(document)).toEqual({});
      expect(document.renumbered).toMatchObject([{ matched_by: 'transaction_amount' }]);
    });

    test('in both numbers and in the amount is missing on both sides', async () => {
      const document = await held(
        withOne({ refund_no: 'RENUMBERED', channel_refund_no: '', amount_minor: 2 }),
      );

      expect(kindsOf(document)).toEqual({ missing_at_channel: 1, missing_in_books: 1 });
    });

    test('in both numbers of two refunds of one transaction is ambiguous', async () => {
      const [first, ...others] = refunds;
      const twin = { ...first, channel_refund_no: '' };
      const document = await held([
        { ...twin, refund_no: 'PART-1' },
        { ...twin, refund_no: 'PART-2' },
        ...others,
      ]);

      expect(document.matched.refund_no).toBe(13);
      expect(kindsOf(document)).toEqual({ ambiguous: 3 });
      expect(document.placed.refund_lines.breaks).toBe(1);
      expect(document.placed.refunds.breaks).toBe(2);
    });

    test('by holding a refund for failed is a conflict of state', async () => {
      const document = await held(withOne({ state: 'failed' }));

      expect(document.matched.refund_no).toBe(13);
      expect(kindsOf(document)).toEqual({ state_conflict: 1 });
    });

    describe.each<[string, Partial<ListRow>, string]>([
      ['the transaction', { transaction_id: '4200000000000000000000000000' }, 'transaction_id'],
      [
        'the number of the channel',
        { channel_refund_no: '50000000000000000000000000000' },
        'channel_refund_no',
      ],
      ['our number of the payment', { payment_no: 'another_order' }, 'payment_no'],
    ])('in %s', (_, change, key) => {
      const ours = Object.values(change)[0];

      test('is named with both sides, and is no match', async () => {
        const document = await held(withOne(change));
        const theirs = (refunds[3] as ListRow | undefined)?.[key as keyof ListRow];

        expect(document.matched).toEqual({ refund_no: 13, channel_refund_no: 0, transaction_amount: 0 });
        expect(kindsOf(document)).toEqual({ number_differs: 1 });
        const [one] = document.differences;
        expect(one).toMatchObject({ refund_no: refunds[3]?.refund_no, differs: [{ key, ours, theirs }] });
        expect(one?.explanation).toContain(
          `the list says ${key} ${String(ours)}, the statement ${String(theirs)}`,
        );
      });

      test('and in our own number has no refund matched that is not one', async () => {
        const document = await held(withOne({ ...change, refund_no: 'RENUMBERED' }));
        const named =
          key === 'channel_refund_no'
            ? { missing_at_channel: 1, missing_in_books: 1 }
            : { number_differs: 1 };

        expect(document.matched).toEqual({ refund_no: 13, channel_refund_no: 0, transaction_amount: 0 });
        expect(kindsOf(document)).toEqual(named);
      });
    });

    test('in every number, in the amount and in the state at once is one difference that says them all', async () => {
      const change = {
        transaction_id: 'T',
        payment_no: 'P',
        channel_refund_no: 'C',
        amount_minor: 7,
        currency: 'HKD',
      };
      const document = await held(withOne({ ...change, state: 'ABNORMAL' }));

      expect(kindsOf(document)).toEqual({ number_differs: 1 });
      const [one] = document.differences;
      expect(one?.differs.map(({ key }) => key).toSorted()).toEqual([
        'amount_minor',
        'channel_refund_no',
        'currency',
        'payment_no',
        'state',
        'transaction_id',
      ]);
      for (const said of [
        'transaction_id T,',
        'payment_no P,',
        'channel_refund_no C,',
        '0.01 CNY',
        'SUCCESS',
      ])
        expect(one?.explanation).toContain(said);
    });

    test('by swapping the numbers of two refunds is named for both', async () => {
      const [one, other, ...others] = refunds;
      const swapped = [
        { ...one, refund_no: other?.refund_no },
        { ...other, refund_no: one?.refund_no },
      ] as ListRow[];
      const document = await held([...swapped, ...others]);

      expect(document.matched.refund_no).toBe(12);
      expect(kindsOf(document)).toEqual({ number_differs: 2 });
    });

    test.each(['ABNORMAL', 'needs_action', 'CLOSED', 'failed', 'requested'])(
      'by holding a refund for %s is a conflict with what the bill prints',
      async (state) => {
        const document = await held(withOne({ state }));

        expect(document.matched.refund_no).toBe(13);
        expect(kindsOf(document)).toEqual({ state_conflict: 1 });
        expect(document.differences[0]?.differs).toMatchObject([{ key: 'state', theirs: 'SUCCESS' }]);
      },
    );

    test.each(['SUCCESS', 'succeeded', 'settled', 'processing', 'unknown', ''])(
      'by holding a refund for %s contradicts nothing that the bill prints',
      async (state) => {
        expect(kindsOf(await held(withOne({ state })))).toEqual({});
      },
    );

    test('F71 by a request of more than a day after the bill is a conflict', async () => {
      const document = await held(withOne({ requested_at: '2019-02-21T05:01:59+08:00' }));

      expect(kindsOf(document)).toEqual({ state_conflict: 1 });
      expect(document.differences[0]?.explanation).toContain('over a day before it was asked for');
    });

    test('by saying less of a refund contradicts nothing', async () => {
      const less = withOne({
        transaction_id: '',
        channel_refund_no: '',
        payment_no: '',
        state: '',
        source: '',
      });

      expect(kindsOf(await held(less))).toEqual({});
    });

    test('in all of these ways has each of them named, and the books of the run balance', async () => {
      const [extra, dearer, foreign, failed, renumbered, unknown, elsewhere, abnormal, ...others] = refunds;
      const document = await held([
        ...[
          { ...dearer, amount_minor: 5 },
          { ...foreign, currency: 'USD' },
          { ...failed, state: 'closed' },
          { ...elsewhere, transaction_id: 'T-ELSEWHERE' },
          { ...abnormal, state: 'ABNORMAL' },
        ],
        { ...renumbered, refund_no: 'RENUMBERED' },
        { ...unknown, refund_no: 'UNKNOWN', channel_refund_no: '' },
        ...others,
        ...others.slice(0, 1),
        { refund_no: 'NEVER-SENT', requested_at: '2019-02-19T06:00:00+08:00' },
      ] as ListRow[]);

      expect(extra).toBeDefined();
      expect(document.matched).toEqual({ refund_no: 6, channel_refund_no: 1, transaction_amount: 1 });
      expect(kindsOf(document)).toEqual({
        ...{ missing_at_channel: 1, missing_in_books: 1, amount_differs: 2, state_conflict: 2 },
        ...{ number_differs: 1, duplicate_line: 1 },
      });
      expect(document.placed).toEqual({
        refund_lines: { total: 14, matched: 8, waiting: 0, breaks: 6 },
        refunds: { total: 15, matched: 8, waiting: 0, breaks: 7 },
      });
    });

    test('ends with 1 where that is asked for', async () => {
      const list = await desk.put('less.csv', refundList(refunds.slice(1)));
      const said = await reconcile({ statements: [bill], list, flags: ['--fail-on-breaks'] });

      expect(said.code).toBe(1);
    });
  });

  describe('a damaged copy of the published bill', () => {
    test('whose summary is changed is refused, and both totals are said', async () => {
      const text = await readFile(bill, 'utf8');
      const changed = await desk.put('changed.csv', text.replace('`45.0,`0.47,`0.14', '`46.0,`0.47,`0.15'));
      const list = await desk.put('refunds.csv', refundList(refunds));
      const said = await reconcile({ statements: [changed], list, flags: ['--json'] });

      expect(said.code).toBe(2);
      expect(said.stdout).toBe('');
      expect(said.stderr).toContain('statement_totals_differ');
      expect(said.stderr).toMatch(/declared: orders 46, .*refund_minor 15/);
      expect(said.stderr).toMatch(/computed: orders 45, .*refund_minor 14/);
    });

    test('that ends in the middle of a line is refused', async () => {
      const bytes = await readFile(bill);
      const cut = await desk.put('cut.csv', bytes.subarray(0, Math.floor(bytes.length / 2)));
      const list = await desk.put('refunds.csv', refundList(refunds));
      const said = await reconcile({ statements: [cut], list });

      expect(said.code).toBe(2);
      expect(said.stderr).toContain('statement_truncated');
    });
  });
}

if (VECTORS !== undefined && VECTORS !== '')
  test('the published clearing day of UnionPay has 8 records and no refund, and agrees with its printed report', async () => {
    const desk = await openDesk();
    try {
      const statement = join(VECTORS, 'bills/unionpay-20150905.zip');
      const sent = { channel: 'unionpay', refund_no: '10078091', requested_at: '2015-09-06T12:00:00+08:00' };
      const list = await desk.put('refunds.csv', refundList([{ ...sent, source: 'debit_card' }]));
      const run = { channel: 'unionpay', statements: [statement], list };
      const document = await documentOf({ ...run, flags: ['--as-of', '2015-12-31'] });

      const totals = { orders: '8', gross_minor: '1322700', fee_minor: '7936', net_minor: '1314764' };
      expect(document).toMatchObject({
        channel: 'unionpay',
        statements: [
          {
            ...{ kind: 'trade', lines: 8, refund_lines: 0, quarantined: 0, first_date: '2015-09-05' },
            totals: { agree: true, declared: totals, computed: totals },
          },
        ],
        // No line is a refund: what the list names is missing, and nothing of the statement is left over.
        breaks: { missing_at_channel: 1, missing_in_books: 0 },
        placed: { refund_lines: { total: 0 }, refunds: { total: 1, breaks: 1 } },
        overdue: 1,
      });
      expect(document.differences).toMatchObject([{ refund_no: '10078091' }]);
    } finally {
      await desk.clear();
    }
  });
