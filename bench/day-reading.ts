/** Reading a day's files of Alipay and UnionPay: to the text that Postgres takes, and into the books. */
import { isUtf8 } from 'node:buffer';
import { openAlipayStatement } from '../channels/alipay/bill.ts';
import type { BillEncoding } from '../channels/alipay/bill-encoding.ts';
import { AlipayBillReader } from '../channels/alipay/bill-reader.ts';
import type { StatementContent } from '../channels/channel.ts';
import { openUnionpayStatement } from '../channels/unionpay/statement.ts';
import { unpack } from '../channels/unpack.ts';
import type { ChannelName } from '../domain/refund/refund.ts';
import type { StatementSummary } from '../domain/statement/statement.ts';
import { createPool } from '../store/pool.ts';
import { importStatement } from '../store/statements.ts';
import { BILL_DATE, MERCHANT, hourAfter } from './bill.ts';
import { MER_ID, SELLER_ID } from './day-files.ts';
import { ingestPool } from './matching.ts';
import { packed } from './reading.ts';

/** The yardstick: Alipay sends no such file, and its channel takes none. */
const UTF8: BillEncoding = {
  isText: (bytes) => !bytes.includes(0) && isUtf8(bytes),
  decode: (bytes) => new TextDecoder('utf-8').decode(bytes),
  payment: Buffer.from('交易'),
  refund: Buffer.from('退款'),
  givenBack: Buffer.from('退'),
};

interface DayFile {
  readonly channel: ChannelName;
  readonly merchantNo: string;
  open(path: string): StatementContent;
}

const DAY_FILES = {
  alipay: {
    channel: 'alipay',
    merchantNo: SELLER_ID,
    open: (path) => openAlipayStatement('trade', packed(path)),
  },
  alipay_utf8: {
    channel: 'alipay',
    merchantNo: SELLER_ID,
    open: (path) => ({ reader: new AlipayBillReader(UTF8), bytes: unpack(packed(path)) }),
  },
  unionpay: {
    channel: 'unionpay',
    merchantNo: MER_ID,
    open: (path) => openUnionpayStatement('trade', packed(path)),
  },
} as const satisfies Readonly<Record<string, DayFile>>;

export type DayFileName = keyof typeof DAY_FILES;

/** From the zip to the text that Postgres takes; nothing is sent. Returns lines. */
export async function readDay(name: DayFileName, path: string): Promise<number> {
  const { reader, bytes } = DAY_FILES[name].open(path);
  for await (const chunk of bytes) reader.push(chunk);
  reader.end();
  return wholeLines(reader.summary());
}

/** From the zip into the books, as the worker imports it. Returns lines. */
export async function importDay(name: DayFileName, path: string, url: string): Promise<number> {
  const { channel, merchantNo, open } = DAY_FILES[name];
  const owner = createPool({ url, role: null, max: 1, name: 'bench-accounts' });
  await owner.query(
    `insert into yuanlu.channel_accounts (id, merchant_id, channel, external_id) values ($1, $2, $3, $1)`,
    [name, MERCHANT, channel],
  );
  await owner.end();
  const ingest = ingestPool(url);
  const { reader, bytes } = open(path);
  const { summary } = await importStatement(ingest, {
    accountId: name,
    kind: 'trade',
    billDate: BILL_DATE,
    source: bytes,
    reader,
    uri: null,
    expectHash: null,
    expectMerchantNo: merchantNo,
    now: hourAfter(BILL_DATE, 1),
  });
  await ingest.end();
  return wholeLines(summary);
}

function wholeLines({ lines, quarantinedCount, totals }: StatementSummary): number {
  if (!totals.agree || quarantinedCount > 0) throw new Error('the made-up day does not add up');
  return lines;
}
