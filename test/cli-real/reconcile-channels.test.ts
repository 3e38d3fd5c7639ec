/** What `yuanlu reconcile` promises for WeChat Pay it keeps for Alipay and UnionPay, on statements of their own. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReconcileDocument } from '../../cli/reconcile/document.ts';
import { MER_ID, SENT_BACK, ZME_NAME, correction, record } from '../channels/unionpay/clearing-day.ts';
import { zipOfMembers } from '../channels/zip.ts';
import type { ChannelStatements, DayOptions, Printed } from './channel-statements.ts';
import { ALIPAY, CHANNELS, UNIONPAY, delivery, listed, refundNo } from './channel-statements.ts';
import type { Desk, ListRow } from './reconcile-run.ts';
import { csvRows, documentOf, openDesk, reconcile, refundList } from './reconcile-run.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.clear());

/** A day long after every window of the statements here. */
const LATER = '2027-01-31';

interface Given {
  readonly printed: readonly Printed[];
  readonly rows: readonly ListRow[];
  readonly asOf?: string;
  readonly flags?: readonly string[];
  readonly day?: DayOptions;
}

async function held(of: ChannelStatements, given: Given): Promise<ReconcileDocument> {
  const statement = await desk.put('delivery.zip', delivery(of, given.printed, given.day));
  const list = await desk.put('refunds.csv', refundList(given.rows));
  const flags = ['--as-of', given.asOf ?? LATER, ...(given.flags ?? [])];
  return documentOf({ channel: of.channel, statements: [statement], list, flags });
}

function kindsOf(document: ReconcileDocument): Record<string, number> {
  return Object.fromEntries(Object.entries(document.breaks).filter(([, rows]) => rows > 0));
}

/** Four refunds as the statement prints them. */
function four(of: ChannelStatements): (Printed & { readonly transactionId: string })[] {
  return [1, 2, 3, 4].map((index) => ({
    refundNo: refundNo(index),
    transactionId: of.transaction(index),
    amount: index * 100,
  }));
}

describe.each(CHANNELS)('a statement of $title', (of) => {
  const printed = four(of);
  const agreeing = printed.map((one) => listed(of, one));
  const [first, second, third, fourth] = agreeing as [ListRow, ListRow, ListRow, ListRow];

  test('agrees with its own list by our numbers, and its totals agree', async () => {
    const document = await held(of, { printed, rows: agreeing });

    expect(document).toMatchObject({
      ...{ channel: of.channel, refunds: 4, waiting: 0, overdue: 0 },
      matched: { refund_no: 4, channel_refund_no: 0, transaction_amount: 0 },
      statements: [{ kind: 'trade', lines: 5, refund_lines: 4, quarantined: 0, totals: { agree: true } }],
    });
    expect(kindsOf(document)).toEqual({});
  });

  test('is matched by transaction and amount where the number of the list is another', async () => {
    const document = await held(of, {
      printed,
      rows: [{ ...first, refund_no: refundNo(77) }, second, third, fourth],
    });

    expect(document.matched).toEqual({ refund_no: 3, channel_refund_no: 0, transaction_amount: 1 });
    expect(kindsOf(document)).toEqual({});
  });

  test.each<[string, (rows: typeof agreeing) => readonly ListRow[], Record<string, number>, string]>([
    [
      'a refund that no line shows',
      (rows) => [...rows, { ...first, refund_no: refundNo(88), transaction_id: '' }],
      { missing_at_channel: 1 },
      refundNo(88),
    ],
    ['a line that nobody has listed', (rows) => rows.slice(1), { missing_in_books: 1 }, refundNo(1)],
    [
      'another amount',
      () => [{ ...first, amount_minor: 101 }, second, third, fourth],
      { amount_differs: 1 },
      refundNo(1),
    ],
    [
      'a refund that the list holds for failed',
      () => [{ ...first, state: 'failed' }, second, third, fourth],
      { state_conflict: 1 },
      refundNo(1),
    ],
    ['a refund that the list names twice', (rows) => [...rows, first], { duplicate_line: 1 }, refundNo(1)],
  ])('names %s', async (_what, change, kinds, number) => {
    const document = await held(of, { printed, rows: change(agreeing) });

    expect(kindsOf(document)).toEqual(kinds);
    expect(document.differences).toMatchObject([{ refund_no: number }]);
  });

  test('names a refund whose line is about another payment, with both sides', async () => {
    const changed = { ...first, payment_no: 'SOMEBODY-ELSES' };
    const document = await held(of, { printed, rows: [changed, second, third, fourth] });

    expect(document.matched.refund_no).toBe(3);
    expect(kindsOf(document)).toEqual({ number_differs: 1 });
    expect(document.differences).toMatchObject([
      { refund_no: refundNo(1), differs: [{ key: 'payment_no', ours: 'SOMEBODY-ELSES' }] },
    ]);
  });

  test('names a line that it prints twice', async () => {
    const document = await held(of, { printed: [...printed, printed[0] as Printed], rows: agreeing });

    expect(document.matched.refund_no).toBe(4);
    expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
  });

  test('names all of these at once, with every line and every refund in one place', async () => {
    const extra = { refundNo: refundNo(99), transactionId: of.transaction(99) };
    const document = await held(of, {
      printed: [...printed, printed[3] as Printed, extra],
      rows: [
        { ...first, amount_minor: 101 },
        { ...second, state: 'failed' },
        ...[third, fourth, fourth],
        { ...first, refund_no: refundNo(88), transaction_id: '' },
      ],
    });

    expect(kindsOf(document)).toEqual({
      ...{ missing_at_channel: 1, missing_in_books: 1, amount_differs: 1, state_conflict: 1 },
      duplicate_line: 2,
    });
    expect(document.placed).toEqual({
      refund_lines: { total: 6, matched: 2, waiting: 0, breaks: 4 },
      refunds: { total: 6, matched: 2, waiting: 0, breaks: 4 },
    });
  });

  test('I11: comes out the same whatever the order of the list and of its lines', async () => {
    const rows = [...agreeing.slice(1), first, { ...first, amount_minor: 7 }, { ...second, state: 'failed' }];
    const lines = [...printed, { refundNo: refundNo(99), transactionId: of.transaction(99) }];
    const essence = ({ matched, breaks, placed, differences }: ReconcileDocument): unknown => ({
      ...{ matched, breaks, placed },
      differences: differences.map((one) =>
        [one.kind, one.refund_no, one.amount_minor, one.statement_amount_minor].join('|'),
      ),
    });
    const plain = essence(await held(of, { printed: lines, rows }));

    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(rows, { minLength: rows.length }),
        fc.shuffledSubarray(lines, { minLength: lines.length }),
        async (mixedRows, mixedLines) => {
          expect(essence(await held(of, { printed: mixedLines, rows: mixedRows }))).toEqual(plain);
        },
      ),
      { numRuns: 4 },
    );
  });

  test('leaves the rows of other channels out of the list, and says so', async () => {
    const statement = await desk.put('delivery.zip', delivery(of, printed));
    const list = await desk.put('refunds.csv', refundList([...agreeing, { refund_no: 'W1' }]));
    const said = await reconcile({ channel: of.channel, statements: [statement], list });

    expect(said.code).toBe(0);
    expect(said.stderr).toContain(
      `Left out of the list: 1 row of other channels than ${of.channel} (wechat 1)`,
    );
  });
});

describe('what a match proves', () => {
  test.each([
    [ALIPAY, 'completion', 'A match proves that Alipay has sent the money'],
    [UNIONPAY, 'clearing', 'A match proves that UnionPay has cleared the refund'],
  ] as const)('is said for each channel: row %#', async (of, proves, sentence) => {
    const printed = four(of);
    const rows = printed.map((one) => listed(of, one));
    const statement = await desk.put('delivery.zip', delivery(of, printed));
    const list = await desk.put('refunds.csv', refundList(rows));
    const run = { channel: of.channel, statements: [statement], list };

    expect((await documentOf(run)).line_proves).toBe(proves);
    expect((await reconcile(run)).stdout).toContain(sentence);
  });
});

describe('numbers of UnionPay', () => {
  const printed = [{ refundNo: '10078087', channelRefundNo: '052611201000001234568' }];

  test('may be as short as UnionPay takes them, also where ours are longer', async () => {
    const rows = [{ channel: 'unionpay', refund_no: '10078087' }];

    expect((await held(UNIONPAY, { printed, rows })).matched.refund_no).toBe(1);
  });

  test('of the refund itself (queryId) match where ours differ', async () => {
    const rows = [{ channel: 'unionpay', refund_no: 'OTHER000', channel_refund_no: '052611201000001234568' }];

    expect((await held(UNIONPAY, { printed, rows })).matched.channel_refund_no).toBe(1);
  });

  test.each<[string, Partial<ListRow>, string]>([
    ['transaction', { transaction_id: '052611201000009999999' }, 'transaction_id'],
    ['refund', { channel_refund_no: '052611201000009999999' }, 'channel_refund_no'],
  ])('of another %s than the line has are named, with both sides', async (_, change, key) => {
    const lines = [{ ...printed[0], refundNo: '10078087', transactionId: UNIONPAY.transaction(1) }];
    const rows = [{ channel: 'unionpay', refund_no: '10078087', ...change }];
    const document = await held(UNIONPAY, { printed: lines, rows });

    expect(kindsOf(document)).toEqual({ number_differs: 1 });
    expect(document.differences[0]?.differs).toMatchObject([{ key, ours: '052611201000009999999' }]);
  });

  test('with a character that UnionPay does not take are refused, and the rule is said', async () => {
    const statement = await desk.put('delivery.zip', delivery(UNIONPAY, printed));
    const list = await desk.put(
      'refunds.csv',
      refundList([{ channel: 'unionpay', refund_no: 'RF-10078087' }]),
    );
    const said = await reconcile({ channel: 'unionpay', statements: [statement], list });

    expect(said.code).toBe(2);
    expect(said.stderr).toContain(
      '"RF-10078087" cannot be a refund number of UnionPay: 8 to 32 digits and letters',
    );
  });
});

describe('a UnionPay delivery with a file of corrections', () => {
  /** The second refund has the number that the correction names a part of; the list does not say it. */
  const printed = four(UNIONPAY).map((one, index) =>
    index === 1 ? { ...one, amount: 2_345, channelRefundNo: '052506301658427863998' } : one,
  );

  async function corrected(
    ...corrections: readonly (typeof SENT_BACK)[]
  ): Promise<{ document: ReconcileDocument; rows: Record<string, string>[] }> {
    const content = Buffer.concat(corrections.map((one) => correction(one)));
    const statement = await desk.put(
      'corrected.zip',
      zipOfMembers([...UNIONPAY.members(printed), { name: Buffer.from(ZME_NAME), content }]),
    );
    const list = await desk.put('refunds.csv', refundList(printed.map((one) => listed(UNIONPAY, one))));
    const flags = ['--as-of', LATER, '--out', desk.path('corrected')];
    const document = await documentOf({ channel: 'unionpay', statements: [statement], list, flags });
    return { document, rows: await csvRows(desk.path('corrected/breaks.csv')) };
  }

  test('F66 shows the refund that a bank sent back as returned, with both sides, beside its match', async () => {
    const { document, rows } = await corrected(SENT_BACK);

    expect(kindsOf(document)).toEqual({ returned: 1 });
    expect(document).toMatchObject({
      ...{ corrections: 1, matched: { refund_no: 4 }, differences_left_off: 0 },
      placed: {
        refund_lines: { total: 4, matched: 4, waiting: 0, breaks: 0 },
        refunds: { total: 4, matched: 4, waiting: 0, breaks: 0 },
      },
      differences: [
        { kind: 'returned', refund_no: refundNo(2), amount_minor: '2345', statement_amount_minor: '2345' },
      ],
    });
    expect(document.differences[0]?.explanation).toContain("the payer's bank has sent the refund back");
    expect(rows).toMatchObject([{ kind: 'returned', statement_amount_yuan: '23.45' }]);
  });

  test('F66 shows one that takes money from the merchant as a conflict', async () => {
    const { document } = await corrected({ ...SENT_BACK, fee: 'C000000000014', net: 'D000000002331' });

    expect(kindsOf(document)).toEqual({ state_conflict: 1 });
    expect(document.differences).toMatchObject([
      { refund_no: refundNo(2), explanation: expect.stringContaining('once more') as unknown },
    ]);
  });

  test('F66 shows no break for one about something that is not listed, and counts it', async () => {
    const { document } = await corrected(SENT_BACK, { ...SENT_BACK, previousTrace: '111111' });

    expect(kindsOf(document)).toEqual({ returned: 1 });
    expect(document.corrections).toBe(2);
  });

  test('counts them and says that a person has to look: a bank may have sent a refund back', async () => {
    const members = UNIONPAY.members(printed);
    const content = Buffer.concat([correction(SENT_BACK), correction({ ...SENT_BACK, time: '0702093100' })]);
    const statement = await desk.put(
      'corrected.zip',
      zipOfMembers([...members, { name: Buffer.from(ZME_NAME), content }]),
    );
    const list = await desk.put('refunds.csv', refundList(printed.map((one) => listed(UNIONPAY, one))));
    const said = await reconcile({
      ...{ channel: 'unionpay', statements: [statement], list, flags: ['--json'] },
    });

    expect(JSON.parse(said.stdout)).toMatchObject({ corrections: 2, matched: { refund_no: 4 } });
    expect(said.stderr).toContain(
      'The statements hold 2 corrections of earlier lines (chargebacks, refunds that a bank sent back): they match nothing; those that name a listed refund are breaks, look at the others in the file.',
    );
  });
});

describe('numbers of Alipay name a refund within its trade', () => {
  const [one, other] = [1, 2].map((index) => ({ refundNo: '1', transactionId: ALIPAY.transaction(index) }));
  const printed = [one, other] as Printed[];
  const row = { channel: 'alipay', refund_no: '1' };
  const both = [
    { ...row, transaction_id: ALIPAY.transaction(1) },
    { ...row, transaction_id: ALIPAY.transaction(2) },
  ];

  test('the same number of two trades is two refunds', async () => {
    const document = await held(ALIPAY, { printed, rows: both });

    expect(document.matched.refund_no).toBe(2);
    expect(kindsOf(document)).toEqual({});
  });

  test('a line of another trade is no evidence for a refund, however equal number and amount', async () => {
    const document = await held(ALIPAY, { printed: printed.slice(1), rows: both.slice(0, 1) });

    expect(document.matched.refund_no).toBe(0);
    expect(kindsOf(document)).toEqual({ missing_at_channel: 1, missing_in_books: 1 });
  });

  test('a list that does not say the trade is matched by the number alone', async () => {
    const document = await held(ALIPAY, { printed: printed.slice(0, 1), rows: [row] });

    expect(document.matched.refund_no).toBe(1);
  });

  test('two rows of a number that say nothing of their trades are two refunds where the statement has two', async () => {
    for (const amounts of [
      [100, 100],
      [100, 250],
    ]) {
      const lines = printed.map((line, index) => ({ ...line, amount: amounts[index] ?? 0 }));
      const rows = amounts.toReversed().map((amount) => ({ ...row, amount_minor: amount }));
      const document = await held(ALIPAY, { printed: lines, rows });

      expect(document.matched.refund_no).toBe(2);
      expect(kindsOf(document)).toEqual({});
    }
  });

  test('rows that say their payment by the shop’s own number only are told apart by it', async () => {
    // The statement names them P0 and P1.
    const rows = ['P1', 'P0'].map((paymentNo) => ({ ...row, payment_no: paymentNo }));
    const document = await held(ALIPAY, { printed, rows });

    expect(document.matched.refund_no).toBe(2);
    expect(kindsOf(document)).toEqual({});
    expect(kindsOf(await held(ALIPAY, { printed, rows: [...rows, { ...row, payment_no: 'P7' }] }))).toEqual({
      missing_at_channel: 1,
    });
  });

  test('a row more than the statement has trades is the one that is there twice', async () => {
    const document = await held(ALIPAY, { printed, rows: [row, row, row] });

    expect(document.matched.refund_no).toBe(2);
    expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
  });

  test('of two trades’ lines one row can be one only, and the other is nobody’s', async () => {
    const document = await held(ALIPAY, { printed, rows: [row] });

    expect(document.matched.refund_no).toBe(1);
    expect(kindsOf(document)).toEqual({ missing_in_books: 1 });
  });

  test('an amount that differs is a difference of its own trade', async () => {
    const lines = [one, { ...other, amount: 300 }] as Printed[];
    const document = await held(ALIPAY, { printed: lines, rows: [row, { ...row, amount_minor: 299 }] });

    expect(document.matched.refund_no).toBe(1);
    expect(kindsOf(document)).toEqual({ amount_differs: 1 });
  });

  test('two rows of a number of which one does not say its trade are told what is missing', async () => {
    const document = await held(ALIPAY, { printed: printed.slice(0, 1), rows: [...both.slice(0, 1), row] });

    expect(kindsOf(document)).toEqual({ duplicate_line: 1 });
    expect(document.differences[0]?.explanation).toContain(
      'refunds of one number are told apart by transaction_id, which one of the two does not have',
    );
  });
});

describe('arrival windows are those of channel and source', () => {
  // Asked for on Friday 20 November 2026; dates by hand, no holidays until New Year.
  test.each([
    [ALIPAY, 'wallet', '2026-11-20T10:59:00+08:00', '2026-11-21T09:59:00+08:00'],
    [ALIPAY, 'credit_line', '2026-11-20T10:59:00+08:00', '2026-11-21T09:59:00+08:00'],
    [ALIPAY, 'debit_card', '2026-12-02T00:00:00+08:00', '2026-12-05T00:00:00+08:00'],
    [ALIPAY, 'credit_card', '2026-12-05T00:00:00+08:00', '2026-12-12T00:00:00+08:00'],
    [ALIPAY, '', '2026-12-05T00:00:00+08:00', '2026-12-12T00:00:00+08:00'],
    [UNIONPAY, 'debit_card', '2026-11-28T00:00:00+08:00', '2026-12-05T00:00:00+08:00'],
    [UNIONPAY, 'credit_card', '2026-12-02T00:00:00+08:00', '2026-12-12T00:00:00+08:00'],
    [UNIONPAY, '', '2026-12-02T00:00:00+08:00', '2026-12-12T00:00:00+08:00'],
  ] as const)('row %#: promised as documented, and looked into', async (of, source, promise, alarm) => {
    await held(of, {
      printed: [],
      rows: [{ channel: of.channel, refund_no: refundNo(1), source }],
      flags: ['--out', desk.path('out')],
    });

    expect(await csvRows(desk.path('out/overdue.csv'))).toMatchObject([
      { promise_at: promise, alarm_at: alarm, level: 'alarm' },
    ]);
  });

  test('F60 a UnionPay refund after 23:00 belongs to the next clearing day', async () => {
    const document = await held(UNIONPAY, {
      printed: [],
      rows: [
        { channel: 'unionpay', refund_no: refundNo(1), requested_at: '2026-11-20T23:00:00+08:00' },
        { channel: 'unionpay', refund_no: refundNo(2), requested_at: '2026-11-20T22:59:59+08:00' },
      ],
    });
    const explanationOf = (number: string): string =>
      document.differences.find((one) => one.refund_no === number)?.explanation ?? '';

    expect(explanationOf(refundNo(1))).toContain('2026-11-21 and 2026-11-22');
    expect(explanationOf(refundNo(2))).toContain('that of 2026-11-21 is not among them');
  });
});

test('refund records whose signs are not as expected are matched, and stderr says so', async () => {
  const refund = record({
    ...{ type: '04', time: '1120100000', amount: '000000000100', fee: 'C000000000000', net: 'C000000000100' },
    ...{ queryId: '051120100000000001998', orderId: refundNo(1), original: UNIONPAY.transaction(1) },
  });
  const statement = await desk.put(
    'signs.zip',
    zipOfMembers([{ name: Buffer.from(`INN26112088ZM_${MER_ID}`), content: refund }]),
  );
  const list = await desk.put('refunds.csv', refundList([listed(UNIONPAY, { refundNo: refundNo(1) })]));

  const said = await reconcile({
    ...{ channel: 'unionpay', statements: [statement], list },
    flags: ['--as-of', LATER, '--json'],
  });

  expect(JSON.parse(said.stdout)).toMatchObject({
    matched: { refund_no: 1 },
    statements: [{ quarantined: 0, remarks: [expect.stringContaining('1 refund records with C before')] }],
  });
  expect(said.stderr).toContain('Unlike the description in');
});
