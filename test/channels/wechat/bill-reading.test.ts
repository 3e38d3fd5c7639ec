import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openWechatStatement, wechatBillReader } from '../../../channels/wechat/bill-reader.ts';
import { unpack } from '../../../channels/unpack.ts';
import { readAll, readStream } from '../statement-reading.ts';
import type { Reading } from '../statement-reading.ts';
import { ALL, PAYMENT, REFUND, REFUNDED, SUCCESS, billOf } from './bills.ts';
import type { Row } from './bills.ts';

function read(text: string, sizes?: readonly number[]): Reading {
  return readAll(wechatBillReader(), Buffer.from(text), sizes);
}

const PAID_LINE = {
  line_no: '2',
  line_type: 'payment',
  occurred_at: '2025-06-30 10:51:45+08',
  transaction_id: '4200002211202506301029384756',
  payment_no: 'ORD20250630000017',
  channel_refund_no: null,
  refund_no: null,
  amount_minor: '12345',
  payer_minor: '12345',
  fee_e5: '74000',
  currency: 'CNY',
  status: 'SUCCESS',
  funding: 'CMB_CREDIT',
};

const REFUND_LINE = {
  ...PAID_LINE,
  line_no: '3',
  line_type: 'refund',
  occurred_at: '2025-06-30 16:58:42+08',
  channel_refund_no: '50302302102025063099887766554',
  refund_no: 'RF20250630000003',
  amount_minor: '2345',
  payer_minor: '2345',
  fee_e5: '-14000',
  status: 'PROCESSING',
};

describe('a trade bill', () => {
  test('gives each row with every number that names it, and its own totals', () => {
    const { lines, summary } = read(billOf([PAYMENT, REFUNDED]));

    expect(lines).toEqual([PAID_LINE, REFUND_LINE]);
    expect(summary).toMatchObject({
      kind: 'trade',
      variant: 'all',
      lines: 2,
      refundLines: 1,
      quarantinedCount: 0,
      currency: 'CNY',
      merchantNos: ['1900000109'],
      firstDate: '2025-06-30',
      lastDate: '2025-06-30',
    });
    expect(summary.totals).toEqual({
      declared: {
        orders: 2n,
        settlement_minor: 12_345n,
        refund_minor: 2_345n,
        coupon_refund_minor: 0n,
        fee_e5: 60_000n,
        order_minor: 12_345n,
        applied_refund_minor: 2_345n,
      },
      computed: {
        orders: 2n,
        settlement_minor: 12_345n,
        refund_minor: 2_345n,
        coupon_refund_minor: 0n,
        fee_e5: 60_000n,
        order_minor: 12_345n,
        applied_refund_minor: 2_345n,
      },
      agree: true,
    });
  });

  test('F63: a refund with a coupon is about what was asked back; what the payer got stands beside it', () => {
    const { lines } = read(billOf([{ ...REFUNDED, 退款金额: '20.00', 申请退款金额: '23.45' }]));

    expect(lines[0]).toMatchObject({ amount_minor: '2345', payer_minor: '2000' });
  });

  test.each([
    ['SUCCESS', SUCCESS, [PAYMENT], 'success', 0],
    ['REFUND', REFUND, [REFUNDED], 'refund', 1],
  ] as const)('of the kind %s is recognised by its names', (_kind, columns, rows, variant, refunds) => {
    const { lines, summary } = read(billOf(rows, { columns }));

    expect(summary).toMatchObject({ variant, refundLines: refunds, totals: { agree: true } });
    expect(lines).toHaveLength(1);
  });

  test('F52: columns are found by name, whatever their order and whatever is new among them', () => {
    const columns = ['新的一列', ...[...ALL].reverse(), '又一列'];

    expect(read(billOf([PAYMENT, REFUNDED], { columns })).lines).toEqual([PAID_LINE, REFUND_LINE]);
  });

  test('of the old kind has its times with full-width colons and its amount under another name', () => {
    const columns = ALL.slice(0, 24).map((name) => (name === '应结订单金额' ? '总金额' : name));
    const row: Row = { ...PAYMENT, 总金额: '123.45', 交易时间: '2014-11-10 16：33：45' };
    const text = billOf([row], {
      columns,
      summary: () => [
        ['总交易单数', '总交易额', '总退款金额', '总代金券或立减优惠退款金额', '手续费总金额'],
        ['1', '123.45', '0.00', '0.00', '0.74000'],
      ],
    });

    const { lines, summary } = read(text);

    expect(summary).toMatchObject({ variant: 'legacy_all', totals: { agree: true } });
    expect(lines[0]).toMatchObject({ occurred_at: '2014-11-10 16:33:45+08', amount_minor: '12345' });
  });

  test('may hold commas and backticks in texts: only the two together end a field', () => {
    const row = { ...PAYMENT, 商品名称: 'a,b`c,"d"\\', 商户数据包: '`' };

    expect(read(billOf([row])).lines).toEqual([PAID_LINE]);
  });

  test('keeps a backslash in a number as it is', () => {
    const { lines } = read(billOf([{ ...REFUNDED, 商户退款单号: 'RF\\N|*@', 商户订单号: '\\.' }]));

    expect(lines[0]).toMatchObject({ refund_no: 'RF\\N|*@', payment_no: '\\.' });
  });

  test('a payment that was revoked is told apart', () => {
    expect(read(billOf([{ ...PAYMENT, 交易状态: 'REVOKED' }])).lines[0]?.line_type).toBe('revoked');
  });

  test.each([
    ['CR LF without BOM', { bom: false }],
    ['LF', { eol: '\n' }],
    ['CR, from a spreadsheet', { eol: '\r' }],
    ['no end of the last line', { lastEnd: false }],
  ])('is read with %s', (_how, o) => {
    const { lines, summary } = read(billOf([PAYMENT, REFUNDED], o));

    expect(lines).toEqual([PAID_LINE, REFUND_LINE]);
    expect(summary.totals.agree).toBe(true);
  });

  test('without a row is a day on which nothing happened', () => {
    const { lines, summary } = read(billOf([]));

    expect(lines).toEqual([]);
    expect(summary).toMatchObject({ lines: 0, firstDate: null, lastDate: null, totals: { agree: true } });
  });

  test('I14: sums stay exact far beyond 2^53', () => {
    const row = { ...PAYMENT, 应结订单金额: '9999999999999.99', 订单金额: '9999999999999.99' };

    const { summary } = read(billOf(Array.from({ length: 30 }, () => row)));

    expect(summary.totals.computed['settlement_minor']).toBe(30n * 999_999_999_999_999n);
    expect(summary.totals.agree).toBe(true);
  });

  test('is the same however its bytes are cut', () => {
    const bill = billOf([
      PAYMENT,
      REFUNDED,
      { ...PAYMENT, 商品名称: '笔记本🖥, 银色' },
      { ...REFUNDED, 手续费: 'x' },
    ]);
    const whole = read(bill);

    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 }), (sizes) => {
        expect(read(bill, sizes)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });
});

describe('F53 I14: an amount', () => {
  test.each([
    ['0', '0'],
    ['0.01', '1'],
    ['7', '700'],
    ['7.5', '750'],
    ['7.50000', '750'],
    ['0001.00', '100'],
  ])('%s yuan is %s fen', (text, minor) => {
    expect(read(billOf([{ ...PAYMENT, 订单金额: text }])).lines[0]?.amount_minor).toBe(minor);
  });

  test.each(['1,234.50', '12.345', '', '1e3', ' 1.00', '1.', '.5', '+1.00', '--1', '１.00', '1.0O'])(
    '"%s" is set aside with its line, place and text',
    (text) => {
      const { lines, summary } = read(billOf([PAYMENT, { ...REFUNDED, 申请退款金额: text }, REFUNDED]));

      expect(lines.map((line) => line.line_no)).toEqual(['2', '4']);
      const [first] = billOf([PAYMENT]).split('\r\n').slice(1);
      const header = Buffer.byteLength(`\uFEFF${ALL.join(',')}\r\n`);
      expect(summary.quarantined).toMatchObject([
        {
          lineNo: 3,
          byteOffset: header + Buffer.byteLength(`${first ?? ''}\r\n`),
          ...{ code: 'line_amount_invalid', reason: 'an amount that cannot be read' },
        },
      ]);
      expect(summary.quarantined[0]?.raw).toContain('RF20250630000003');
    },
  );
});

describe('the two totals', () => {
  test.each(['应结订单总金额', '退款总金额', '订单总金额', '申请退款总金额', '手续费总金额', '总交易单数'])(
    'I8: %s that differs is seen, and both are told',
    (name) => {
      const { summary } = read(
        billOf([PAYMENT, REFUNDED], {
          summary: (names, figures) => [
            names,
            figures.map((figure, index) =>
              names[index] === name ? (name === '总交易单数' ? '3' : '999.99') : figure,
            ),
          ],
        }),
      );

      expect(summary.totals.agree).toBe(false);
      expect(summary.totals.declared).not.toEqual(summary.totals.computed);
    },
  );

  test('F64: a fee that is printed rounded agrees with any sum that rounds to it, and with no other', () => {
    const withFee = (fee: string): boolean =>
      read(
        billOf([{ ...PAYMENT, 手续费: '0.00600' }], {
          summary: (names, figures) => [
            names,
            figures.map((figure, at) => (names[at] === '手续费总金额' ? fee : figure)),
          ],
        }),
      ).summary.totals.agree;

    expect(withFee('0.01')).toBe(true);
    expect(withFee('0.00600')).toBe(true);
    expect(withFee('0.02')).toBe(false);
    expect(withFee('0.00601')).toBe(false);
  });

  test('a row set aside takes its part of the totals along, but never more than all', () => {
    const good = billOf([PAYMENT, REFUNDED]);
    const spoilt = good.replace('`23.45,`0.00,`ORIGINAL', '`23,45,`0.00,`ORIGINAL');
    const doubled = billOf([PAYMENT, REFUNDED], {
      summary: (names, figures) => [
        names,
        figures.map((figure, at) => (names[at] === '应结订单总金额' ? '200.00' : figure)),
      ],
    }).replace('`23.45,`0.00,`ORIGINAL', '`23,45,`0.00,`ORIGINAL');

    expect(read(spoilt).summary).toMatchObject({ quarantinedCount: 1, totals: { agree: true } });
    expect(read(doubled).summary.totals.agree).toBe(false);
  });
});

describe('a fund-flow bill', () => {
  const names =
    '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号';
  const refund =
    '`2025-06-30 16:58:43,`50302302102025063099887766554,`1900000109231202506301165882345,`退款,`退款,`支出,`23.45,`99976.55,`API,`尺码不符,`RF20250630000003';
  const income =
    '`2025-06-30 10:51:46,`4200002211202506301029384756,`1900000109231202506301165882346,`交易,`交易,`收入,`123.45,`100100.00,`system,`,`ORD20250630000017';
  const tail = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';
  const bill = (figures: string): string =>
    ['\uFEFF' + names, refund, income, tail, figures, ''].join('\r\n');

  test('gives movements in and out, refunds by both their numbers', () => {
    const { lines, summary } = read(bill('`2,`1,`123.45,`1,`23.45'));

    expect(summary).toMatchObject({
      kind: 'fund_flow',
      lines: 2,
      refundLines: 0,
      totals: {
        computed: { movements: 2n, in_count: 1n, in_minor: 12_345n, out_count: 1n, out_minor: 2_345n },
        agree: true,
      },
    });
    expect(lines).toMatchObject([
      {
        line_type: 'out',
        channel_refund_no: '50302302102025063099887766554',
        refund_no: 'RF20250630000003',
        transaction_id: null,
        amount_minor: '2345',
        status: '退款',
      },
      {
        line_type: 'in',
        transaction_id: '4200002211202506301029384756',
        payment_no: 'ORD20250630000017',
        channel_refund_no: null,
        amount_minor: '12345',
      },
    ]);
  });

  test('has its totals compared', () => {
    expect(read(bill('`2,`1,`123.45,`1,`23.46')).summary.totals.agree).toBe(false);
  });

  test('a direction that is none is set aside', () => {
    const { summary } = read(bill('`2,`1,`123.45,`1,`23.45').replace('`收入,`123', '`转入,`123'));

    expect(summary.quarantined).toMatchObject([
      { lineNo: 3, code: 'line_kind_unknown', reason: 'neither income nor expense' },
    ]);
  });
});

const vectors = process.env['YUANLU_VECTORS'];
if (vectors !== undefined) {
  const path = join(vectors, 'bills/wechat-trade-ALL.csv');

  test('the published bill: 45 lines, 14 refunds, totals that agree', async () => {
    const { bytes, reader } = openWechatStatement(createReadStream(path));
    const { lines, summary } = await readStream(reader, bytes);

    expect(summary).toMatchObject({
      lines: 45,
      refundLines: 14,
      quarantinedCount: 0,
      firstDate: '2019-02-19',
      totals: { declared: { orders: 45n, settlement_minor: 47n, refund_minor: 14n }, agree: true },
    });
    expect(lines.filter((line) => line.line_type === 'refund')).toHaveLength(14);
  });

  test('the published bill is the same when it comes packed, and its SHA-1 is of the unpacked bytes', async () => {
    const plain = readFileSync(path);
    const { bytes, reader } = openWechatStatement(createReadStream(path));
    const whole = await readStream(reader, bytes);

    const packed = openWechatStatement(once(gzipSync(plain)));
    expect(await readStream(packed.reader, packed.bytes)).toEqual(whole);

    const hash = createHash('sha1');
    for await (const piece of unpack(once(gzipSync(plain)))) hash.update(piece);
    expect(hash.digest('hex')).toBe(createHash('sha1').update(plain).digest('hex'));
  });
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}
