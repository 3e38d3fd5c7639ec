/** Clearing days as UnionPay delivers them: records by field and width, zipped; and how one is read. */
import { openUnionpayStatement } from '../../../channels/unionpay/statement.ts';
import type { StatementSummary } from '../../../domain/statement/statement.ts';
import { inGb18030 } from '../gb18030.ts';

/** One record, field by field in the order of the description: [width, content]. */
export interface Trade {
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
  readonly merId?: string;
}

export const MER_ID = '802310048993424';

export function record(trade: Trade): Buffer {
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
    [15, trade.merId ?? MER_ID],
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
  return fixedWidth(fields);
}

/** Fields of so many bytes in GBK, a blank between them, ended by CR LF. */
function fixedWidth(fields: readonly (readonly [width: number, text: string])[]): Buffer {
  const bytes = fields.map(([width, text]) => {
    const content = inGb18030(text);
    return Buffer.concat([content, Buffer.alloc(width - content.length, ' ')]);
  });
  return Buffer.concat([
    ...bytes.flatMap((one, index) => (index === 0 ? [one] : [Buffer.from(' '), one])),
    Buffer.from('\r\n'),
  ]);
}

export const PAYMENT: Trade = { amount: '000000012345', fee: 'D000000000074', net: 'C000000012271' };
export const REFUND: Trade = {
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

export const NAME = `INN25063088ZM_${MER_ID}`;

export interface Read {
  readonly rows: string[][];
  readonly summary: StatementSummary;
}

export async function read(zip: Buffer, piece = 4_096): Promise<Read> {
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

export function day(...trades: readonly Trade[]): Buffer {
  return Buffer.concat(trades.map(record));
}

export function report(figures: string): Buffer {
  return inGb18030(
    `        中国银联全渠道商户交易汇总表\r\n\r\n自助消费  ${figures}\r\n____\r\n总计  ${figures}\r\n`,
  );
}

/** One record of the file of corrections; `previous…` is what it corrects. */
export interface Correction {
  readonly time?: string;
  readonly amount: string;
  readonly fee?: string;
  readonly net: string;
  readonly previousTrace?: string;
  readonly previousTime?: string;
  readonly merId?: string;
}

export const ZME_NAME = `INN25070288ZME_${MER_ID}`;

/** The payer's bank gives {@link REFUND} back: the merchant gets the amount again and pays the fee again. */
export const SENT_BACK: Correction = {
  amount: '000000002345',
  fee: 'D000000000014',
  net: 'C000000002331',
};

export function correction(one: Correction): Buffer {
  return fixedWidth([
    [3, 'E80'],
    [11, '48260000'],
    [11, '00049992'],
    [6, '800001'],
    [10, one.time ?? '0702093000'],
    [19, '622609******0048'],
    [12, one.amount],
    [4, '5999'],
    [2, '07'],
    [2, '01'],
    [6, one.previousTrace ?? '786399'],
    [10, one.previousTime ?? '0630165842'],
    [4, '0630'],
    [12, '000000002345'],
    [13, one.fee ?? 'C000000000000'],
    [13, one.net],
    [15, ''],
    [15, one.merId ?? MER_ID],
    [1, ''],
    [12, 'D00000000000'],
    [2, ''],
    [135, '发卡行退回'],
  ]);
}
