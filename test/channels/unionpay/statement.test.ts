import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openUnionpayStatement } from '../../../channels/unionpay/statement.ts';
import type { StatementSummary } from '../../../domain/statement/statement.ts';
import type { Desk } from './gateway-desk.ts';
import { openDesk } from './gateway-desk.ts';
import { inGb18030 } from '../gb18030.ts';
import { zipOf } from '../zip.ts';

/** One record, field by field in the order of the description: [width, content]. */
interface Trade {
  readonly type?: string;
  readonly time?: string;
  readonly amount: string;
  readonly fee: string;
  readonly net: string;
  readonly queryId?: string;
  readonly orderId?: string;
  readonly card?: string;
  readonly original?: string;
  readonly originalOrder?: string;
}

const MER_ID = '802310048993424';

function record(trade: Trade): Buffer {
  const {
    type = '01',
    time = '0630105145',
    queryId = '442506301051457846498',
    orderId = 'PAY20250630105145',
  } = trade;
  const fields: [number, string][] = [
    [3, 'S22'],
    [11, '48260000'],
    [11, '00049992'],
    [6, '784649'],
    [10, time],
    [19, '622609******0048'],
    [12, trade.amount],
    [4, '5999'],
    [2, '07'],
    [21, queryId],
    [2, '02'],
    [32, orderId],
    [2, trade.card ?? '01'],
    [6, ''],
    [10, ''],
    [13, trade.fee],
    [13, trade.net],
    [4, '0201'],
    [15, ''],
    [2, type],
    [2, '01'],
    [6, '000201'],
    [2, '01'],
    [4, ''],
    [32, ''],
    [1, ''],
    [21, trade.original ?? ''],
    [15, MER_ID],
    [1, ''],
    [15, ''],
    [32, '淘在路上旅行社'],
    [13, 'C000000000000'],
    [13, trade.net],
    [8, '01080209'],
    [32, ''],
    [13, 'C000000000000'],
    [13, 'C000000000000'],
    [12, 'D00000000000'],
    [2, ''],
    [1, ''],
    [32, trade.originalOrder ?? ''],
    [98, ''],
  ];
  const bytes = fields.map(([width, text]) => {
    const content = inGb18030(text);
    return Buffer.concat([content, Buffer.alloc(width - content.length, ' ')]);
  });
  return Buffer.concat([
    ...bytes.flatMap((one, index) => (index === 0 ? [one] : [Buffer.from(' '), one])),
    Buffer.from('\r\n'),
  ]);
}

const PAYMENT: Trade = { amount: '000000012345', fee: 'D000000000074', net: 'C000000012271' };
const REFUND: Trade = {
  type: '04',
  time: '0630165842',
  amount: '000000002345',
  fee: 'C000000000014',
  net: 'D000000002331',
  queryId: '052506301658427863998',
  orderId: 'RF20250630000000000165',
  original: '442506301051457846498',
  originalOrder: 'PAY20250630105145',
};

const NAME = `INN25063088ZM_${MER_ID}`;

interface Read {
  readonly rows: string[][];
  readonly summary: StatementSummary;
}

async function read(zip: Buffer, piece = 4_096): Promise<Read> {
  async function* source(): AsyncGenerator<Buffer> {
    for (let at = 0; at < zip.length; at += piece) yield await Promise.resolve(zip.subarray(at, at + piece));
  }
  const { bytes, reader } = openUnionpayStatement('trade', source());
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(reader.push(part));
  parts.push(reader.end());
  const text = Buffer.concat(parts).toString('utf8');
  return {
    rows: text
      .split('\n')
      .filter(Boolean)
      .map((row) => row.split('\t')),
    summary: reader.summary(),
  };
}

function day(...trades: readonly Trade[]): Buffer {
  return Buffer.concat(trades.map(record));
}

function report(figures: string): Buffer {
  return inGb18030(
    `        中国银联全渠道商户交易汇总表\r\n\r\n自助消费  ${figures}\r\n____\r\n总计  ${figures}\r\n`,
  );
}

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

describe('F48 I8: a bad record', () => {
  const short = record(PAYMENT).subarray(1);

  test.each<[string, Buffer, string]>([
    ['a record that is too short', short, '606 bytes instead of 607'],
    [
      'an amount that is none',
      record({ ...PAYMENT, amount: '00000001234x' }),
      'an amount that cannot be read',
    ],
    ['a sign that is none', record({ ...PAYMENT, fee: 'X000000000074' }), 'an amount that cannot be read'],
    ['a kind that nobody knows', record({ ...PAYMENT, type: '77' }), 'an unknown kind of transaction'],
    ['a time that is none', record({ ...PAYMENT, time: '1331105145' }), 'no time as documented'],
    [
      'a net that does not add up',
      record({ ...PAYMENT, net: 'C000000012270' }),
      'amount, fee and settlement do not add up',
    ],
  ])('%s is set aside with its place, and the others are read', async (_what, bad, reason) => {
    const { rows, summary } = await read(
      zipOf({ [NAME]: Buffer.concat([record(PAYMENT), bad, record(REFUND)]) }),
    );

    expect(rows.map(([lineNo]) => lineNo)).toEqual(['1', '3']);
    expect(summary.quarantined).toMatchObject([{ lineNo: 2, byteOffset: 609, reason }]);
    expect(summary.lines).toBe(3);
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

  test('content that cannot be unpacked is refused', async () => {
    desk.answer({ fields: { respCode: '00', fileContent: Buffer.from('no deflate').toString('base64') } });

    const answer = await desk.channel().requestStatement('trade', '2025-06-30');

    if (answer.outcome !== 'ready') throw new Error(`unexpected ${answer.outcome}`);
    await expect(answer.ticket.download()).rejects.toMatchObject({ code: 'statement_corrupt' });
  });
});

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
