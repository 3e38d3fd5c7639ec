/**
 * A day of payments and refunds as Alipay and UnionPay deliver it, made up: the same seed gives the same bytes. Alipay's
 * CSV is written twice with the same content, in its own encoding and in UTF-8 as the yardstick.
 */
import { dice } from '../cli/demo/dice.ts';
import { formatYuan } from '../domain/money.ts';
import { toGb18030 } from '../sandbox/gb18030.ts';
import { writeZip } from './zip-writing.ts';

export const SELLER_ID = '2088123456789012';
export const MER_ID = '802310048993424';

const DAY = '2026-11-23';
const CHARSETS = { gb18030: toGb18030, utf8: (text: string) => Buffer.from(text, 'utf8') } as const;

export type Charset = keyof typeof CHARSETS;

/** One line in this many is a refund. */
const REFUND_EVERY = 10;
/** Lines per piece that is handed to the packer. */
const PIECE_LINES = 1_000;

/** What a line is about, the same in every file. */
interface MadeUpTrade {
  readonly index: number;
  readonly isRefund: boolean;
  readonly amountMinor: number;
  readonly feeMinor: number;
  /** `HH:mm:ss`. */
  readonly time: string;
}

function* trades(count: number, seed: number): Generator<MadeUpTrade> {
  const roll = dice(seed);
  for (let index = 0; index < count; index += 1) {
    const amountMinor = roll.between(1, 98_800);
    const second = roll.between(0, 82_799);
    const parts = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60];
    yield {
      index,
      isRefund: index % REFUND_EVERY === REFUND_EVERY - 1,
      amountMinor,
      feeMinor: Math.round(amountMinor * 0.006),
      time: parts.map((part) => String(part).padStart(2, '0')).join(':'),
    };
  }
}

/** Writes Alipay's zip, its CSV in this charset. Returns the size of the CSV. */
export function writeAlipayDay(path: string, charset: Charset, count: number, seed: number): Promise<number> {
  const name = toGb18030(`${SELLER_ID}0156_${DAY.replaceAll('-', '')}_业务明细.csv`);
  return writeZip(path, name, inPieces(alipayLines(count, seed, CHARSETS[charset])));
}

const COLUMNS =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';
const GOODS = ['蓝牙耳机', '机械键盘 青轴', '女士羊毛大衣', '有机纯牛奶250毫升', '儿童绘本套装'] as const;

/**
 * Lines as texts of which each character is a byte: Chinese words are encoded once, and a million lines need not go through
 * an encoder that was written for a few.
 */
function* alipayLines(count: number, seed: number, encode: (text: string) => Buffer): Generator<string> {
  const bytes = (text: string): string => encode(text).toString('latin1');
  const [payment, refund, buyer, reason] = ['交易\t', '退款\t', '*明(138******21)\t', '部分退款'].map(bytes);
  const goods = GOODS.map(bytes);
  yield bytes(`#支付宝业务明细查询\r\n#账号：[${SELLER_ID}0156]\r\n`);
  yield bytes(`#起始日期：[2026年11月23日 00:00:00]   终止日期：[2026年11月24日 00:00:00]\r\n`);
  yield bytes(`#-----业务明细列表-----\r\n${COLUMNS}\r\n`);
  const sums = { payments: 0, received: 0, refunds: 0, refunded: 0 };
  for (const trade of trades(count, seed)) {
    const amount = formatYuan(BigInt(trade.isRefund ? -trade.amountMinor : trade.amountMinor));
    const fee = formatYuan(BigInt(trade.isRefund ? trade.feeMinor : -trade.feeMinor));
    const no = String(trade.index).padStart(12, '0');
    const at = `${DAY} ${trade.time}`;
    yield `20261123220014${no}12\t,ORD20261123${no}\t,${(trade.isRefund ? refund : payment) ?? ''},${goods[trade.index % goods.length] ?? ''},${at},${at},\t,\t,\t,\t,${buyer ?? ''},${amount},${amount},0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,${trade.isRefund ? `RF20261123${no}` : ''}\t,${fee},0.00,${trade.isRefund ? (reason ?? '') : ''}\r\n`;
    sums[trade.isRefund ? 'refunds' : 'payments'] += 1;
    sums[trade.isRefund ? 'refunded' : 'received'] += trade.amountMinor;
  }
  const yuan = (minor: number): string => formatYuan(BigInt(minor));
  yield bytes(`#-----业务明细列表结束-----\r\n`);
  yield bytes(
    `#交易合计：${String(sums.payments)}笔，商家实收共${yuan(sums.received)}元，商家优惠共0.00元\r\n`,
  );
  yield bytes(
    `#退款合计：${String(sums.refunds)}笔，商家实收退款共${yuan(-sums.refunded)}元，商家优惠退款共0.00元\r\n`,
  );
  yield bytes(`#导出时间：[2026年11月24日 05:46:49]\r\n`);
}

/** Writes UnionPay's zip with the records of the day. Returns their size. */
export function writeUnionpayDay(path: string, count: number, seed: number): Promise<number> {
  const name = Buffer.from(`INN${DAY.slice(2).replaceAll('-', '')}88ZM_${MER_ID}`);
  return writeZip(path, name, inPieces(zmLines(count, seed)));
}

function* zmLines(count: number, seed: number): Generator<string> {
  const shop = toGb18030('淘在路上旅行社').toString('latin1').padEnd(32);
  for (const trade of trades(count, seed)) {
    const { index, isRefund, amountMinor, feeMinor } = trade;
    const no = String(index).padStart(12, '0');
    const time = `1123${trade.time.replaceAll(':', '')}`;
    const letter = (minor: number): string =>
      `${minor < 0 ? 'D' : 'C'}${String(Math.abs(minor)).padStart(12, '0')}`;
    const net = letter(isRefund ? feeMinor - amountMinor : amountMinor - feeMinor);
    const fields: readonly (readonly [width: number, text: string])[] = [
      [3, isRefund ? 'S30' : 'S22'],
      [11, '48260000'],
      [11, '00049992'],
      [6, no.slice(6)],
      [10, time],
      [19, '622609******0048'],
      [12, String(amountMinor).padStart(12, '0')],
      [4, '5999'],
      [2, '07'],
      [21, `442611${no}${isRefund ? '052' : '448'}`],
      [2, '02'],
      [32, `${isRefund ? 'RF' : 'PAY'}20261123${no}`],
      [2, index % 2 === 0 ? '01' : '02'],
      [6, isRefund ? '784649' : ''],
      [10, isRefund ? '1121105145' : ''],
      [13, letter(isRefund ? feeMinor : -feeMinor)],
      [13, net],
      [4, '0201'],
      [15, ''],
      [2, isRefund ? '04' : '01'],
      [2, isRefund ? '00' : '01'],
      [6, '000201'],
      [2, ''],
      [4, ''],
      [32, ''],
      [1, ''],
      [21, isRefund ? `442610${no}448` : ''],
      [15, MER_ID],
      [1, ''],
      [15, '000000000000000'],
      [32, shop],
      [13, ' 000000000000'],
      [13, net],
      [8, '01080209'],
      [32, ''],
      [13, ' 000000000000'],
      [13, ' 000000000000'],
      [12, ' 00000000000'],
      [2, ''],
      [1, ''],
      [32, isRefund ? `PAY20261121${no}` : ''],
      [98, ''],
    ];
    yield `${fields.map(([width, text]) => text.padEnd(width)).join(' ')}\r\n`;
  }
}

function* inPieces(lines: Iterable<string>): Generator<Buffer> {
  let piece: string[] = [];
  for (const line of lines) {
    piece.push(line);
    if (piece.length < PIECE_LINES) continue;
    yield Buffer.from(piece.join(''), 'latin1');
    piece = [];
  }
  yield Buffer.from(piece.join(''), 'latin1');
}
