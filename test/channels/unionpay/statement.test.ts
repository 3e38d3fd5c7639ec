import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openUnionpayStatement } from '../../../channels/unionpay/statement.ts';
import type { Desk } from './gateway-desk.ts';
import { openDesk } from './gateway-desk.ts';
import { zipOf } from '../zip.ts';
import { MER_ID, NAME, PAYMENT, REFUND, day, read, record, report } from './clearing-day.ts';

describe('a clearing day', () => {
  test('a record is 607 bytes, as documented', () => {
    expect(record(PAYMENT)).toHaveLength(607 + 2);
  });

  test('gives payments and refunds with every number that names them', async () => {
    const { rows, summary } = await read(zipOf({ [NAME]: day(PAYMENT, REFUND) }));

    expect(rows).toEqual([
      [
        '1',
        'payment',
        '2025-06-30 10:51:45+08',
        '442506301051457846498',
        'PAY20250630105145',
        '\\N',
        '\\N',
        '12345',
        '12345',
        '74000',
        'CNY',
        '\\N',
        'DEBIT',
      ],
      [
        '2',
        'refund',
        '2025-06-30 16:58:42+08',
        '442506301051457846498',
        'PAY20250630105145',
        '052506301658427863998',
        'RF20250630000000000165',
        '2345',
        '2345',
        '-14000',
        'CNY',
        '\\N',
        'DEBIT',
      ],
    ]);
    expect(summary).toMatchObject({
      kind: 'trade',
      lines: 2,
      refundLines: 1,
      quarantinedCount: 0,
      merchantNos: [MER_ID],
      firstDate: '2025-06-30',
      lastDate: '2025-06-30',
      totals: {
        computed: { orders: 2n, gross_minor: 10_000n, fee_minor: 60n, net_minor: 9_940n },
        agree: true,
      },
    });
  });

  test('has its sums compared with the printed report', async () => {
    const good = report('2  23.45 123.45 0.74 0.14 23.31 122.71');
    const bad = report('2  23.45 123.46 0.74 0.14 23.31 122.71');
    const trades = day(PAYMENT, REFUND);

    expect(
      (await read(zipOf({ [NAME]: trades, RD201025063001_802310048993424: good }))).summary.totals,
    ).toMatchObject({
      declared: { orders: 2n, gross_minor: 10_000n, fee_minor: 60n, net_minor: 9_940n },
      agree: true,
    });
    expect(
      (await read(zipOf({ [NAME]: trades, RD201025063001_802310048993424: bad }))).summary.totals.agree,
    ).toBe(false);
  });

  test('F60: a trade of the evening before New Year belongs to the year before', async () => {
    const { rows } = await read(
      zipOf({ [`INN26010188ZM_${MER_ID}`]: day({ ...PAYMENT, time: '1231233001' }) }),
    );

    expect(rows[0]?.[2]).toBe('2025-12-31 23:30:01+08');
  });

  test('F60: 29 February is a day of leap years', async () => {
    const { rows } = await read(
      zipOf({ [`INN28030188ZM_${MER_ID}`]: day({ ...PAYMENT, time: '0229235959' }) }),
    );

    expect(rows[0]?.[2]).toBe('2028-02-29 23:59:59+08');
  });

  test.each<[string, string]>([
    ['01', 'DEBIT'],
    ['02', 'CREDIT'],
    ['03', 'QUASI_CREDIT'],
    ['05', 'PREPAID'],
    // Not told; several accounts behind one card; not documented.
    ...['00', '04', '06', '', 'x1'].map((code): [string, string] => [code, '\\N']),
  ])('has a card of type "%s" as %s', async (card, word) => {
    const { rows } = await read(zipOf({ [NAME]: day({ ...PAYMENT, card }) }));

    expect(rows[0]?.at(-1)).toBe(word);
  });

  test('gives a payment that was taken back the same day under its own numbers, as money that went out', async () => {
    const undone = { ...PAYMENT, type: '31', fee: 'C000000000074', net: 'D000000012271' };
    const { rows, summary } = await read(zipOf({ [NAME]: day(PAYMENT, undone) }));

    expect(rows[1]?.slice(1, 10)).toEqual([
      ...['revoked', '2025-06-30 10:51:45+08', '442506301051457846498', 'PAY20250630105145'],
      ...['\\N', '\\N', '12345', '12345', '-74000'],
    ]);
    expect(summary).toMatchObject({
      refundLines: 0,
      totals: { computed: { gross_minor: 0n, fee_minor: 0n, net_minor: 0n }, agree: true },
    });
  });

  test('names each merchant of the file once', async () => {
    const other = '802310048993425';
    const { summary } = await read(
      zipOf({
        [NAME]: day(PAYMENT, { ...PAYMENT, merId: other }, PAYMENT, { ...PAYMENT, merId: other }),
      }),
    );

    expect(summary.merchantNos).toEqual([MER_ID, other]);
  });

  test('without a trade is a day without lines', async () => {
    const { rows, summary } = await read(zipOf({ [NAME]: Buffer.alloc(0) }));

    expect(rows).toEqual([]);
    expect(summary).toMatchObject({ lines: 0, firstDate: null, totals: { agree: true } });
  });

  test('is the same however its bytes are cut', async () => {
    const zip = zipOf({ [NAME]: day(PAYMENT, REFUND, { ...PAYMENT, card: '02' }) });
    const whole = await read(zip);

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 700 }), async (piece) => {
        expect(await read(zip, piece)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });
});

/** The record with these bytes at that place. */
function spoilt(good: Buffer, at: number, bytes: readonly number[]): Buffer {
  const bad = Buffer.from(good);
  Buffer.from(bytes).copy(bad, at);
  return bad;
}

describe('money given back whose letters are not as expected', () => {
  /** [what, letter and fee, letter and settlement, fee as kept in 1/100000 yuan, net of the day in fen] */
  test.each<[string, string, string, string, bigint]>([
    ['C before both, the fee given back', 'C000000000014', 'C000000002331', '-14000', 9_940n],
    ['D before both, the fee given back', 'D000000000014', 'D000000002331', '-14000', 9_940n],
    ['D before both, the fee charged', 'D000000000014', 'D000000002359', '14000', 9_912n],
    ['C before both, the fee charged', 'C000000000014', 'C000000002359', '14000', 9_912n],
    ['C before the settlement, the fee charged', 'D000000000014', 'C000000002359', '14000', 9_912n],
    ['C before the settlement, without a fee', 'D000000000000', 'C000000002345', '0', 9_926n],
  ])('%s: the kind of transaction says which way it went', async (_what, fee, net, feeE5, dayNet) => {
    const { rows, summary } = await read(zipOf({ [NAME]: day(PAYMENT, { ...REFUND, fee, net }) }));

    expect(rows[1]?.slice(1, 2).concat(rows[1].slice(5, 10))).toEqual([
      ...['refund', '052506301658427863998', 'RF20250630000000000165', '2345', '2345', feeE5],
    ]);
    expect(summary).toMatchObject({
      quarantinedCount: 0,
      totals: { computed: { gross_minor: 10_000n, net_minor: dayNet }, agree: true },
    });
  });

  test('is told with the letters that were found, each way once', async () => {
    const plus = { ...REFUND, net: 'C000000002331' };
    const charged = { ...REFUND, fee: 'D000000000014', net: 'C000000002359' };
    const undone = { ...PAYMENT, type: '31', fee: 'C000000000074', net: 'C000000012271' };
    const { summary } = await read(zipOf({ [NAME]: day(PAYMENT, plus, REFUND, plus, charged, undone) }));

    expect(summary.remarks).toEqual([
      '2 refund records with C before the settlement and C before the fee: read as money given back, as their kind of transaction (field 20) says',
      '1 refund records with C before the settlement and D before the fee: read as money given back, as their kind of transaction (field 20) says',
      '1 revoked records with C before the settlement and C before the fee: read as money given back, as their kind of transaction (field 20) says',
    ]);
    expect((await read(zipOf({ [NAME]: day(PAYMENT, REFUND) }))).summary.remarks).toEqual([]);
  });

  test('a printed report that shows the money the other way still speaks against the file', async () => {
    const trades = day(PAYMENT, { ...REFUND, net: 'C000000002331' });
    const asReceived = report('2  0.00 146.90 0.74 0.14 0.00 146.02');
    const asGivenBack = report('2  23.45 123.45 0.74 0.14 23.31 122.71');
    const agrees = async (rd: Buffer): Promise<boolean> =>
      (await read(zipOf({ [NAME]: trades, RD201025063001_802310048993424: rd }))).summary.totals.agree;

    expect(await agrees(asGivenBack)).toBe(true);
    expect(await agrees(asReceived)).toBe(false);
  });
});

/** The catalogue's code of each reason, by hand. */
function codeOf(reason: string): string | undefined {
  if (reason.includes('bytes instead of')) return 'line_length_wrong';
  return {
    'an amount that cannot be read': 'line_amount_invalid',
    'a number that is no text': 'line_number_invalid',
    'an unknown kind of transaction': 'line_kind_unknown',
    'no time as documented': 'line_time_invalid',
    'amount, fee and settlement do not add up': 'line_sums_differ',
  }[reason];
}

describe('F48 I8: a bad record', () => {
  const short = record(PAYMENT).subarray(1);

  test.each<[string, Buffer, string]>([
    ['a record that is too short', short, '606 bytes instead of 607'],
    [
      'a record that is too long',
      Buffer.concat([Buffer.from(' '), record(PAYMENT)]),
      '608 bytes instead of 607',
    ],
    ...['0000001234.5', '00000123.450', '0000001e0005', '0000012,3456', '00000000-123', '     1234567'].map(
      (amount): [string, Buffer, string] => [
        `the amount "${amount}"`,
        record({ ...PAYMENT, amount }),
        'an amount that cannot be read',
      ],
    ),
    [
      'an amount in full-width digits',
      record({ ...PAYMENT, amount: '１２３４５６' }),
      'an amount that cannot be read',
    ],
    [
      'F50 GBK bytes that decode to nothing in a number',
      spoilt(record(PAYMENT), 112, [0xff, 0xff]),
      'a number that is no text',
    ],
    ['a NUL in a number', spoilt(record(REFUND), 271, [0]), 'a number that is no text'],
    [
      'an amount that is none',
      record({ ...PAYMENT, amount: '00000001234x' }),
      'an amount that cannot be read',
    ],
    ['a sign that is none', record({ ...PAYMENT, fee: 'X000000000074' }), 'an amount that cannot be read'],
    ['a kind that nobody knows', record({ ...PAYMENT, type: '77' }), 'an unknown kind of transaction'],
    ...['1331105145', '0631105145', '0229105145', '0600105145', '0630240000', '0630106000', '06301051 5'].map(
      (time): [string, Buffer, string] => [
        `F60 the time ${time}, which is none`,
        record({ ...PAYMENT, time }),
        'no time as documented',
      ],
    ),
    ...[
      { ...PAYMENT, net: 'C000000012270' },
      { ...PAYMENT, net: 'D000000012271' },
      { ...REFUND, net: 'D000000002330' },
      { ...REFUND, net: 'C000000002332' },
    ].map((bad): [string, Buffer, string] => [
      `a net of ${bad.net}, which does not add up`,
      record(bad),
      'amount, fee and settlement do not add up',
    ]),
  ])('%s is set aside with its place, and the others are read', async (_what, bad, reason) => {
    const { rows, summary } = await read(
      zipOf({ [NAME]: Buffer.concat([record(PAYMENT), bad, record(REFUND)]) }),
    );

    expect(rows.map(([lineNo]) => lineNo)).toEqual(['1', '3']);
    expect(summary.quarantined).toMatchObject([{ lineNo: 2, byteOffset: 609, code: codeOf(reason), reason }]);
    expect(summary.lines).toBe(3);
  });

  test('F50: GBK bytes that decode to nothing in a text that nobody matches by leave the record whole', async () => {
    const { rows, summary } = await read(zipOf({ [NAME]: spoilt(record(PAYMENT), 327, [0xff, 0x81, 0x20]) }));

    expect(rows).toHaveLength(1);
    expect(summary.quarantinedCount).toBe(0);
  });

  test('many of them are a format that we do not know', async () => {
    await expect(
      read(zipOf({ [NAME]: Buffer.concat(Array.from({ length: 20 }, () => short)) })),
    ).rejects.toMatchObject({
      code: 'statement_unrecognised',
    });
  });

  test('F43: a record without its end is a file cut short', async () => {
    await expect(read(zipOf({ [NAME]: record(PAYMENT).subarray(0, 300) }))).rejects.toMatchObject({
      code: 'statement_truncated',
    });
  });
});

describe('F48 I19: a line longer than any record', () => {
  test.each([
    ['comes whole', 1024 ** 2],
    ['comes in pieces', 4_096],
  ])('is refused with its own number, whether it %s', async (_what, piece) => {
    const long = Buffer.concat([Buffer.alloc(64 * 1024 + 1, 'x'), Buffer.from('\r\n')]);
    const zip = zipOf({ [NAME]: Buffer.concat([record(PAYMENT), long, record(REFUND)]) });

    await expect(read(zip, piece)).rejects.toMatchObject({
      code: 'statement_too_large',
      details: { line: 2, cap: 'bytes of a line', cap_bytes: 64 * 1024 },
    });
  });

  test('records that end in a CR alone, as some programs save them, are read', async () => {
    const content = Buffer.from(day(PAYMENT, REFUND).toString('latin1').replaceAll('\n', ''), 'latin1');

    expect((await read(zipOf({ [NAME]: content }))).summary).toMatchObject({ lines: 2, refundLines: 1 });
  });
});

describe('a delivery that is none', () => {
  test.each<[string, Buffer]>([
    ['a zip without a ZM file', zipOf({ PED_802310048993424: Buffer.from('x') })],
    [
      'a zip with two ZM files',
      zipOf({ [NAME]: Buffer.alloc(0), INN25062988ZM_802310048993424: Buffer.alloc(0) }),
    ],
    ['no zip', record(PAYMENT)],
  ])('%s is refused', async (_what, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ code: 'statement_unrecognised' });
  });

  test('a kind that UnionPay does not have is refused at once', () => {
    expect(() => openUnionpayStatement('fund_flow', createReadStream('/dev/null'))).toThrow(
      'statement_unrecognised',
    );
  });
});

describe('fetching a clearing day', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.stop());

  const packed = (zip: Buffer): string => deflateSync(zip).toString('base64');

  test('unpacks what comes inside the answer', async () => {
    const zip = zipOf({ [NAME]: day(PAYMENT) });
    desk.answer({ fields: { respCode: '00', fileName: 'x.zip', fileContent: packed(zip) } });

    const answer = await desk.channel().requestStatement('trade', '2025-06-30');

    expect(desk.received.at(-1)).toMatchObject({
      path: '/files',
      signatureHolds: true,
      fields: { txnType: '76', txnSubType: '01', settleDate: '0630', fileType: '00' },
    });
    if (answer.outcome !== 'ready') throw new Error(`unexpected ${answer.outcome}`);
    const parts: Buffer[] = [];
    for await (const part of await answer.ticket.download()) parts.push(part);
    expect(Buffer.concat(parts).equals(zip)).toBe(true);
  });

  test('an answer over the cap ends the fetching with the code that says so, and is not asked for again and again', async () => {
    const fields = { respCode: '00', fileContent: 'A'.repeat(64 * 1024) };
    desk.answer({ fields });
    const channel = desk.channel({ fileAnswerBytesMax: 32 * 1024 });

    await expect(channel.requestStatement('trade', '2025-06-30')).rejects.toMatchObject({
      code: 'statement_too_large',
      details: { cap_bytes: 32 * 1024 },
    });
    desk.answer({ fields });
    expect((await desk.channel().requestStatement('trade', '2025-06-30')).outcome).toBe('ready');
  });

  test('F41: 98 is "not there yet, or nothing was cleared"', async () => {
    desk.answer({ fields: { respCode: '98' } });

    expect(await desk.channel().requestStatement('trade', '2025-06-30')).toEqual({
      outcome: 'creating',
      orEmpty: true,
    });
  });

  test.each([
    ['another code', { respCode: '99' }],
    ['no file', { respCode: '00' }],
  ])('%s is unknown', async (_what, fields) => {
    desk.answer({ fields });

    expect((await desk.channel().requestStatement('trade', '2025-06-30')).outcome).toBe('unknown');
  });

  test.each<[string, (deflated: Buffer) => Buffer, string]>([
    ['cut off', (deflated) => deflated.subarray(0, -20), 'statement_truncated'],
    ['damaged', (deflated) => overwritten(deflated, deflated.length - 4, 0xff), 'statement_corrupt'],
    ['no deflated bytes', () => Buffer.from('no deflate'), 'statement_unrecognised'],
  ])(
    'content that is %s is delivered as it came, to be kept, and refused when it is opened',
    async (_what, spoil, code) => {
      const content = spoil(deflateSync(zipOf({ [NAME]: day(PAYMENT) })));
      desk.answer({ fields: { respCode: '00', fileContent: content.toString('base64') } });

      const answer = await desk.channel().requestStatement('trade', '2025-06-30');

      if (answer.outcome !== 'ready') throw new Error(`unexpected ${answer.outcome}`);
      const parts: Buffer[] = [];
      for await (const part of await answer.ticket.download()) parts.push(part);
      expect(Buffer.concat(parts).equals(content)).toBe(true);
      for (const piece of [1, 65_536]) await expect(read(content, piece)).rejects.toMatchObject({ code });
    },
  );

  test('content that somebody saved without inflating it is read all the same', async () => {
    const zip = zipOf({ [NAME]: day(PAYMENT) });

    expect(await read(deflateSync(zip), 1)).toEqual(await read(zip));
  });
});

function overwritten(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ value, at);
  return changed;
}

const vectors = process.env['YUANLU_VECTORS'];
if (vectors !== undefined) {
  test('the published sample: 8 records, gross 13227.00, fee 79.36, net 13147.64, as its report says', async () => {
    const { bytes, reader } = openUnionpayStatement(
      null,
      createReadStream(join(vectors, 'bills/unionpay-20150905.zip')),
    );
    for await (const part of bytes) reader.push(part);
    reader.end();

    expect(reader.summary()).toMatchObject({
      lines: 8,
      refundLines: 0,
      quarantinedCount: 0,
      firstDate: '2015-09-05',
      totals: {
        declared: { orders: 8n, gross_minor: 1_322_700n, fee_minor: 7_936n, net_minor: 1_314_764n },
        computed: { orders: 8n, gross_minor: 1_322_700n, fee_minor: 7_936n, net_minor: 1_314_764n },
        agree: true,
      },
    });
  });
}
