import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { openAlipayStatement } from '../../../channels/alipay/bill.ts';
import { AppError } from '../../../domain/errors.ts';
import { inGb18030 } from '../gb18030.ts';
import { readStream } from '../statement-reading.ts';
import type { Reading } from '../statement-reading.ts';
import { zipOfMembers } from '../zip.ts';

const NAMES =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';
const PAID =
  '2025063022001412345678901234\t,ORD20250630000021\t,交易\t,机械键盘,2025-06-30 09:12:01,2025-06-30 09:12:09,\t,\t,\t,\t,**明(138******21)\t,299.00,299.00,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,\t,-1.79,0.00,';
const REFUNDED =
  '2025063022001412345678901234\t,ORD20250630000021\t,退款\t,机械键盘,2025-06-30 09:12:01,2025-06-30 20:03:44,\t,\t,\t,\t,**明(138******21)\t,-99.00,-99.00,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,RF20250630000005\t,0.59,0.00,部分退款';

interface Parts {
  readonly rows?: readonly string[];
  readonly payments?: string;
  readonly refunds?: string;
}

function detail(o: Parts = {}): Buffer {
  const { rows = [PAID, REFUNDED], payments = '1笔，商家实收共299.00元，商家优惠共0.00元' } = o;
  const { refunds = '1笔，商家实收退款共-99.00元，商家优惠退款共0.00元' } = o;
  return inGb18030(
    [
      '#支付宝业务明细查询',
      '#账号：[20881234567890120156]',
      '#起始日期：[2025年06月30日 00:00:00]   终止日期：[2025年07月01日 00:00:00]',
      '#-----------------------------------------业务明细列表----------------------------------------',
      NAMES,
      ...rows,
      '#-----------------------------------------业务明细列表结束------------------------------------',
      `#交易合计：${payments}`,
      `#退款合计：${refunds}`,
      '#导出时间：[2025年07月01日 05:46:49]',
      '',
    ].join('\r\n'),
  );
}

/** The file of business details as a spreadsheet saves it. */
function utf8Detail(): string {
  return new TextDecoder('gb18030').decode(detail());
}

function summaryFile(payments: string, refunds: string, net: string): Buffer {
  return inGb18030(
    [
      '#支付宝业务汇总查询',
      '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,服务费（元）',
      `,,${payments},${refunds},200.00,${net},-1.20`,
      `合计,,${payments},${refunds},200.00,${net},-1.20`,
      '',
    ].join('\r\n'),
  );
}

function zip(detailFile: Buffer, summary: Buffer): Buffer {
  return zipOfMembers([
    { name: inGb18030('20881234567890120156_20250630_业务明细(汇总).csv'), content: summary },
    { name: inGb18030('20881234567890120156_20250630_业务明细.csv'), content: detailFile },
  ]);
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

function read(bytes: Buffer, size = 65_536): Promise<Reading> {
  const { bytes: unpacked, reader } = openAlipayStatement(null, pieces(bytes, size));
  return readStream(reader, unpacked);
}

async function codeOf(bytes: Buffer): Promise<string> {
  try {
    await read(bytes);
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'taken';
}

const REFUND_LINE = {
  line_no: '7',
  line_type: 'refund',
  occurred_at: '2025-06-30 20:03:44+08',
  transaction_id: '2025063022001412345678901234',
  payment_no: 'ORD20250630000021',
  channel_refund_no: null,
  refund_no: 'RF20250630000005',
  amount_minor: '9900',
  payer_minor: '9900',
  fee_e5: '-59000',
  currency: 'CNY',
  status: 'SUCCESS',
  funding: null,
};

describe('a file of business details', () => {
  test('gives payments and refunds; a refund’s time is that of its completion, its amount positive', async () => {
    const { lines, summary } = await read(detail());

    expect(lines[1]).toEqual(REFUND_LINE);
    expect(lines[0]).toMatchObject({
      line_type: 'payment',
      amount_minor: '29900',
      fee_e5: '179000',
      refund_no: null,
    });
    expect(summary).toMatchObject({
      kind: 'trade',
      lines: 2,
      refundLines: 1,
      merchantNos: ['2088123456789012'],
      firstDate: '2025-06-30',
      totals: {
        declared: { payments: 1n, received_minor: 29_900n, refunds: 1n, refunded_minor: 9_900n },
        agree: true,
      },
    });
  });

  test('with refunds printed without a minus says the same', async () => {
    const positive = REFUNDED.replaceAll('-99.00', '99.00');
    const refunds = '1笔，商家实收退款共99.00元，商家优惠退款共0.00元';

    const { lines, summary } = await read(detail({ rows: [PAID, positive], refunds }));

    expect(lines[1]).toEqual(REFUND_LINE);
    expect(summary.totals.agree).toBe(true);
  });

  test('finds the columns behind a name of goods that holds commas', async () => {
    const commas = REFUNDED.replace('机械键盘', '键盘,白色,87 键');

    expect((await read(detail({ rows: [PAID, commas] }))).lines[1]).toEqual(REFUND_LINE);
  });

  test('F48 reads a row whose remark, the reason of the refund, holds commas, alone or beside goods that do', async () => {
    const remark = REFUNDED.replace('部分退款', '尺码不符, 颜色不符, 7天无理由');
    const both = remark.replace('机械键盘', '键盘,白色');

    for (const row of [remark, both]) {
      const { lines, summary } = await read(detail({ rows: [PAID, row] }));
      expect(lines[1]).toEqual(REFUND_LINE);
      expect(summary).toMatchObject({ quarantinedCount: 0, totals: { agree: true } });
    }
  });

  test('F51 I8 a character whose second byte is a separator elsewhere (|, \\, [, {) is one character of its text', async () => {
    const tricky = new TextDecoder('gb18030').decode(
      Buffer.from([0x81, 0x7c, 0x81, 0x5c, 0x81, 0x5b, 0x81, 0x7b]),
    );
    const row = REFUNDED.replace('机械键盘', tricky).replace('部分退款', tricky);
    expect(inGb18030(row).includes('|')).toBe(true);

    const { lines, summary } = await read(detail({ rows: [PAID, row] }));

    expect(lines[1]).toEqual(REFUND_LINE);
    expect(summary).toMatchObject({ quarantinedCount: 0, totals: { agree: true } });
  });

  test('F48 keeps aside a row with commas that no text explains', async () => {
    const comma = REFUNDED.replace('2025-06-30 20:03:44,', '2025-06-30,20:03:44,');
    const flood = REFUNDED.replace('部分退款', ','.repeat(500));
    const thousands = REFUNDED.replaceAll('-99.00', '-1,099.00').replace(
      'RF20250630000005',
      '20250630000005',
    );
    const discount = REFUNDED.replace('0.00,0.00,0.00,0.00,0.00,,', '0.00,0.00,0.00,1,000.00,0.00,,');

    for (const row of [comma, flood, thousands, discount])
      expect((await read(detail({ rows: [PAID, row] }))).summary.quarantinedCount).toBe(1);
  });

  test('takes the columns of the newer kind, wherever they stand', async () => {
    const bytes = Buffer.from(detail().toString('latin1'), 'latin1');
    const wider = inGb18030(`${NAMES},实收净额（元）,商户识别号`);
    const text = bytes
      .toString('latin1')
      .replace(inGb18030(NAMES).toString('latin1'), wider.toString('latin1'));
    const rows = text
      .replaceAll('0.00,\r\n', '0.00,,1.00,2\r\n')
      .replace(inGb18030('部分退款').toString('latin1'), ',1.00,2');

    expect((await read(Buffer.from(rows, 'latin1'))).lines).toHaveLength(2);
  });

  test('is the same however its bytes are cut, packed or not', async () => {
    const packed = zip(detail(), summaryFile('1', '1', '200.00'));
    const whole = await read(detail());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), async (size) => {
        expect(await read(detail(), size)).toEqual(whole);
        expect((await read(packed, size)).lines).toEqual(whole.lines);
      }),
      { numRuns: 15 },
    );
  });

  test('of a day without business is empty, and says whose and of which day it is', async () => {
    const { lines, summary } = await read(
      detail({ rows: [], payments: '0笔，商家实收共0.00元', refunds: '0笔，商家实收退款共0.00元' }),
    );

    expect(lines).toEqual([]);
    expect(summary).toMatchObject({
      firstDate: '2025-06-30',
      lastDate: '2025-06-30',
      totals: { agree: true },
    });
  });
});

describe('I8: its totals', () => {
  test.each([
    ['the trailer’s count of payments', { payments: '2笔，商家实收共299.00元' }],
    ['the trailer’s sum of payments', { payments: '1笔，商家实收共299.01元' }],
    ['the trailer’s count of refunds', { refunds: '2笔，商家实收退款共-99.00元' }],
    ['the trailer’s sum of refunds', { refunds: '1笔，商家实收退款共-99.01元' }],
  ])('%s is compared', async (_what, changed) => {
    expect((await read(detail(changed))).summary.totals.agree).toBe(false);
  });

  test.each([
    ['1', '1', '200.00', true],
    ['2', '1', '200.00', false],
    ['1', '0', '200.00', false],
    ['1', '1', '200.01', false],
  ])(
    'the summary file’s %s payments, %s refunds and %s yuan are compared: %s',
    async (payments, refunds, net, agree) => {
      expect((await read(zip(detail(), summaryFile(payments, refunds, net)))).summary.totals.agree).toBe(
        agree,
      );
    },
  );

  test.each([
    ['payment', [PAID.replace('299.00', '299.O0'), REFUNDED]],
    ['refund', [PAID, REFUNDED.replace('-99.00', '-99.O0')]],
  ])('agree with a summary file where the row of a %s was set aside', async (_what, rows) => {
    const { summary } = await read(zip(detail({ rows }), summaryFile('1', '1', '200.00')));

    expect(summary).toMatchObject({ quarantinedCount: 1, totals: { agree: true } });
  });

  test('a summary file whose columns nobody knows is remarked on, and known ones beside them are compared', async () => {
    const renamed = (names: string, cells: string): Buffer =>
      zip(detail(), inGb18030(['#支付宝业务汇总查询', names, cells, ''].join('\r\n')));
    const unknown = await read(renamed('门店,交易数,退款数,实收', '合计,1,1,200.00'));
    const half = await read(renamed('门店,交易订单总笔数,退款数,实收', '合计,2,1,200.00'));

    expect(unknown.summary.totals.agree).toBe(true);
    expect(unknown.summary.remarks).toEqual([
      'the summary file names no 交易订单总笔数, 退款订单总笔数, 商家实收(元): they were not compared',
    ]);
    expect(half.summary.totals.agree).toBe(false);
    expect(half.summary.remarks).toHaveLength(1);
  });

  test('a summary file of the other kind of bill is remarked on', async () => {
    const ofLedger = inGb18030(
      '类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）\r\n合计,1,1.00,0,0.00\r\n',
    );

    expect((await read(zip(detail(), ofLedger))).summary.remarks).toHaveLength(1);
  });

  test.each([
    ['nothing', '', '200.00'],
    ['a count with a sign', '-1', '200.00'],
    ['a count in hexadecimal', '0x1', '200.00'],
    ['an amount with three decimals', '1', '200.000'],
    ['an amount with an exponent', '1', '2e2'],
    ['a thousands sign', '1', '1’200.00'],
    ['full-width digits', '１', '２００.００'],
  ])('a summary file with %s for a figure is refused', async (_what, payments, net) => {
    expect(await codeOf(zip(detail(), summaryFile(payments, '1', net)))).toBe('statement_summary_missing');
  });

  test('F43: a file without its trailer is refused', async () => {
    const cut = detail().subarray(0, detail().indexOf(inGb18030('#交易合计')));

    expect(await codeOf(cut)).toBe('statement_summary_missing');
  });
});

describe('F43: a trailer', () => {
  const PAYMENTS = '1笔，商家实收共299.00元，商家优惠共0.00元';
  const REFUNDS = '1笔，商家实收退款共-99.00元，商家优惠退款共0.00元';
  const without = (name: string): Buffer => {
    const text = utf8Detail().split('\r\n');
    return inGb18030(text.filter((line) => !line.startsWith(name)).join('\r\n'));
  };

  test.each(['#交易合计', '#退款合计'])(
    'without its line %s makes the file one that is refused',
    async (name) => {
      await expect(read(without(name))).rejects.toMatchObject({
        code: 'statement_summary_missing',
        details: { missing: name.slice(1) },
      });
    },
  );

  test.each([
    ['three decimals', '299.000'],
    ['an exponent', '2.99e2'],
    ['a thousands sign', '1,299.00'],
    ['full-width digits', '２９９．００'],
    ['nothing', ''],
    ['letters', '299.O0'],
  ])('whose sum has %s is refused, not passed over', async (_what, sum) => {
    for (const changed of [
      { payments: PAYMENTS.replace('299.00', sum) },
      { refunds: REFUNDS.replace('-99.00', sum) },
    ])
      expect(await codeOf(detail(changed))).toBe('statement_summary_missing');
  });

  test.each(['一笔', '笔', '-1笔', '１笔', '1.0笔'])('whose count is %s is refused', async (count) => {
    expect(await codeOf(detail({ payments: PAYMENTS.replace('1笔', count) }))).toBe(
      'statement_summary_missing',
    );
  });

  test('that stands there twice and says two things is refused', async () => {
    const twice = detail({ payments: `2笔，商家实收共299.00元\r\n#交易合计：${PAYMENTS}` });

    expect(await codeOf(twice)).toBe('statement_summary_missing');
  });

  test('without the sign of a comment, as old files print it, is read', async () => {
    const old = utf8Detail().replace('#交易合计', '交易合计').replace('#退款合计', '退款合计');

    expect((await read(inGb18030(old))).summary).toMatchObject({
      lines: 2,
      quarantinedCount: 0,
      totals: { declared: { payments: 1n, refunds: 1n }, agree: true },
    });
  });
});

describe('F50: a bad row', () => {
  test('with bytes that are no text is set aside; its neighbours are intact', async () => {
    const bytes = detail();
    const at = bytes.indexOf(inGb18030('机械键盘'));
    bytes[at + 1] = 0x20;

    const { lines, summary } = await read(bytes);

    expect(summary.quarantined).toMatchObject([
      { lineNo: 6, code: 'line_encoding_invalid', reason: 'bytes that are not GB 18030' },
    ]);
    expect(lines).toEqual([REFUND_LINE]);
  });

  test.each(['299.000', '299.001', '2.99e2', '２９９．００', '1，299.00', ''])(
    'with the amount "%s" has the code of an amount that cannot be read',
    async (amount) => {
      const row = PAID.replace(',299.00,299.00', `,299.00,${amount}`);

      expect((await read(detail({ rows: [row, REFUNDED] }))).summary.quarantined).toMatchObject([
        { lineNo: 6, code: 'line_amount_invalid' },
      ]);
    },
  );

  test.each([
    ['a field too few', PAID.replace(',机械键盘', ''), '24 fields instead of 25'],
    ['an amount that is none', PAID.replace('299.00,299.00', '1,299.00,299.00'), 'more fields than columns'],
    ['an amount with letters', PAID.replace('299.00', '299.O0'), 'an amount that cannot be read'],
    ...['299.001', '299.000', '2.99e2', '２９９．００', '1，299.00', "1'299.00", '0x12b', '- 299.00', ''].map(
      (amount): [string, string, string] => [
        `the amount "${amount}"`,
        PAID.replace(',299.00,299.00', `,${amount},299.00`),
        'an amount that cannot be read',
      ],
    ),
    ['a kind that nobody knows', PAID.replace('交易\t', '转账\t'), 'an unknown kind of business'],
    [
      'a time that is none',
      PAID.replace('2025-06-30 09:12:09', '2025-06-31 09:12:09'),
      'no time as documented',
    ],
  ])('with %s is set aside with its place', async (_what, row, reason) => {
    const { summary } = await read(detail({ rows: [row, REFUNDED] }));

    expect(summary.quarantined).toMatchObject([{ lineNo: 6, reason }]);
    expect(summary).toMatchObject({ lines: 2, refundLines: 1 });
  });
});

describe('F48 I19: a line longer than any row', () => {
  const LONG = 'x'.repeat(1024 ** 2 + 1);

  test.each([
    ['comes whole', 8 * 1024 ** 2],
    ['comes in pieces', 64 * 1024],
  ])('is refused with its own number, whether it %s', async (_what, size) => {
    const row = PAID.replace('机械键盘', LONG);

    await expect(read(detail({ rows: [PAID, row, REFUNDED] }), size)).rejects.toMatchObject({
      code: 'statement_too_large',
      details: { line: 7, cap: 'bytes of a line', cap_bytes: 1024 ** 2 },
    });
  });
});

describe('a ledger', () => {
  const ledger = (rows: readonly string[], out = '1笔，共99.00元', income = '1笔，共299.00元'): Buffer =>
    inGb18030(
      [
        '#支付宝账务明细查询',
        '#账号：[20881234567890120156]',
        '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注',
        ...rows,
        `#支出合计：${out}`,
        `#收入合计：${income}`,
        '#导出时间：[2025年07月01日 05:46:49],,,,,',
      ].join('\n'),
    );
  const out =
    '123456789012341\t,2025063022001412345678901234\t,ORD20250630000021\t,机械键盘\t,2025-06-30 20:03:44,**明,0.00,-99.00,20111.32,支付宝,交易退款,RF20250630000005';
  const income =
    '123456789012340\t,2025063022001412345678901234\t,ORD20250630000021\t,机械键盘\t,2025-06-30 09:12:09,**明,299.00,0.00,20210.32,支付宝,在线支付,';

  test('gives movements in and out and has its sums compared', async () => {
    const { lines, summary } = await read(ledger([income, out]));

    expect(summary).toMatchObject({ kind: 'fund_flow', lines: 2, totals: { agree: true } });
    expect(lines).toMatchObject([
      { line_type: 'in', amount_minor: '29900', status: '在线支付' },
      { line_type: 'out', amount_minor: '9900', refund_no: 'RF20250630000005', status: '交易退款' },
    ]);
    expect((await read(ledger([income, out], '1笔，共99.01元'))).summary.totals.agree).toBe(false);
  });

  test.each<[string, Buffer]>([
    ['its expenses', ledger([income, out], '', '1笔，共299.00元')],
    ['its incomes', ledger([income, out], '1笔，共99.00元', '1笔，共299.000元')],
  ])('whose trailer says nothing readable of %s is refused', async (_what, bytes) => {
    expect(await codeOf(bytes)).toBe('statement_summary_missing');
  });

  const columns = '业务类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）';
  const ledgerZip = (rows: readonly string[], detailFile = ledger([income, out])): Buffer =>
    zipOfMembers([
      {
        name: inGb18030('20881234567890120156_20250630_账务明细(汇总).csv'),
        content: inGb18030(['#支付宝账务汇总查询', ...rows, ''].join('\r\n')),
      },
      { name: inGb18030('20881234567890120156_20250630_账务明细.csv'), content: detailFile },
    ]);

  test.each([
    ['the figures of its rows', '合计,1,299.00,1,-99.00,200.00', true],
    ['an expense without a minus', '合计,1,299.00,1,99.00,200.00', true],
    ['another count of incomes', '合计,77,299.00,1,-99.00,200.00', false],
    ['another sum of incomes', '合计,1,99999.00,1,-99.00,200.00', false],
    ['another count of expenses', '合计,1,299.00,2,-99.00,200.00', false],
    ['another sum of expenses', '合计,1,299.00,1,-99.01,200.00', false],
  ])('has its summary file compared: %s', async (_what, total, agree) => {
    const { summary } = await read(ledgerZip([columns, '在线支付,1,299.00,0,0.00,299.00', total]));

    expect(summary.totals.agree).toBe(agree);
    expect(summary).not.toHaveProperty('remarks');
  });

  test('has its summary file compared where only its lines by kind of business are there', async () => {
    const kinds = ['在线支付,1,299.00,0,0.00,299.00', '交易退款,0,0.00,1,-99.00,-99.00'];

    expect((await read(ledgerZip([columns, ...kinds]))).summary.totals.agree).toBe(true);
    expect((await read(ledgerZip([columns, ...kinds, ...kinds]))).summary.totals.agree).toBe(false);
  });

  test('an expense printed without a minus is an expense', async () => {
    expect((await read(ledger([income, out.replace('-99.00', '99.00')]))).summary.totals.agree).toBe(true);
  });
});

describe('what is no file of Alipay’s', () => {
  test.each<[string, Buffer]>([
    ['an error page', Buffer.from('<html>404</html>')],
    ['another channel’s bill', Buffer.from('\uFEFF交易时间,公众账号ID\r\n')],
    ['random text of many lines', Buffer.from('one,two\n'.repeat(500))],
  ])('%s is refused', async (_what, bytes) => {
    expect(await codeOf(bytes)).toBe('statement_unrecognised');
  });

  test('is quoted by its beginning', async () => {
    await expect(read(Buffer.from('<html>404 未找到</html>\n'))).rejects.toMatchObject({
      code: 'statement_unrecognised',
      details: { starts_with: '<html>404 未找到</html>' },
    });
  });

  test.each<[string, Buffer]>([
    ['UTF-8', Buffer.from(utf8Detail())],
    ['UTF-8', Buffer.from(`\uFEFF${utf8Detail()}`)],
    ['UTF-16', Buffer.from(`\uFEFF${utf8Detail()}`, 'utf16le')],
  ])('but one of its files saved in %s is told so, however its bytes come', async (encoding, bytes) => {
    for (const size of [7, 65_536])
      await expect(read(bytes, size)).rejects.toMatchObject({
        code: 'statement_encoding_invalid',
        details: { reason: `${encoding} instead of GB 18030` },
      });
  });

  test('cut off before its header is a file cut short', async () => {
    expect(await codeOf(inGb18030('#支付宝业务明细查询\r\n#账号：[2088'))).toBe('statement_truncated');
  });

  test.each<[string, Buffer]>([
    [
      'two files of details',
      zipOfMembers([
        { name: inGb18030('a明细.csv'), content: detail() },
        { name: inGb18030('b明细.csv'), content: detail() },
      ]),
    ],
    [
      'nothing but a summary',
      zipOfMembers([{ name: inGb18030('汇总.csv'), content: summaryFile('1', '1', '1.00') }]),
    ],
  ])('a zip with %s is refused', async (_what, bytes) => {
    expect(await codeOf(bytes)).toBe('statement_unrecognised');
  });

  test('F55: a zip that lies about a size is refused', async () => {
    const lying = zipOfMembers([
      { name: inGb18030('业务明细.csv'), content: detail(), claims: { size: 10 } },
    ]);

    expect(await codeOf(lying)).toBe('statement_corrupt');
  });
});
