/** F54 F55: zips that no channel sends, as the deliveries of the channels that send zips: refused by code, not one row read. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openAlipayStatement } from '../../channels/alipay/bill.ts';
import type { StatementContent } from '../../channels/channel.ts';
import { openUnionpayStatement } from '../../channels/unionpay/statement.ts';
import { ERRORS } from '../../domain/errors.ts';
import { inGb18030 } from './gb18030.ts';
import { NAME, PAYMENT, day } from './unionpay/clearing-day.ts';
import { zipOf, zipOfMembers } from './zip.ts';

interface Delivery {
  readonly name: Buffer;
  readonly content: Buffer;
}

const ALIPAY: Delivery = {
  name: inGb18030('20881234567890120156_20250630_业务明细.csv'),
  content: inGb18030('#支付宝业务明细查询\r\n'),
};
const UNIONPAY: Delivery = { name: Buffer.from(NAME), content: day(PAYMENT) };

const CHANNELS: readonly [string, Delivery, (packed: AsyncIterable<Buffer>) => StatementContent][] = [
  ['Alipay', ALIPAY, (packed) => openAlipayStatement('trade', packed)],
  ['UnionPay', UNIONPAY, (packed) => openUnionpayStatement('trade', packed)],
];

const TROUBLES: readonly [string, (file: Delivery) => Buffer, string][] = [
  ['encrypted', (file) => zipOfMembers([{ ...file, flags: 1 }]), 'statement_unrecognised'],
  [
    'with another zip in it',
    (file) => zipOfMembers([{ ...file, content: zipOf({ inner: file.content }) }]),
    'statement_unrecognised',
  ],
  [
    'with a gzip in it',
    (file) => zipOfMembers([{ ...file, content: gzipSync(file.content) }]),
    'statement_unrecognised',
  ],
  [
    'with a name that climbs',
    (file) => zipOfMembers([{ ...file, name: Buffer.concat([Buffer.from('../../'), file.name]) }]),
    'statement_',
  ],
  [
    'with an absolute name',
    (file) => zipOfMembers([{ ...file, name: Buffer.concat([Buffer.from('/'), file.name]) }]),
    'statement_',
  ],
  [
    'with a name on a drive',
    (file) => zipOfMembers([{ ...file, name: Buffer.concat([Buffer.from('C:\\'), file.name]) }]),
    'statement_',
  ],
  [
    'with more members than a bill has',
    (file) =>
      zipOfMembers([
        file,
        ...Array.from({ length: 16 }, (_one, index) => ({ ...file, name: Buffer.from(`x${String(index)}`) })),
      ]),
    'statement_too_large',
  ],
  [
    'that unpacks to far more than it weighs',
    (file) => zipOfMembers([{ ...file, content: Buffer.alloc(8 * 1024 ** 2, ' ') }]),
    'statement_too_large',
  ],
  ['with its end cut off', (file) => zipOfMembers([file]).subarray(0, -30), 'statement_truncated'],
  ['with a wrong check sum', (file) => zipOfMembers([{ ...file, claims: { crc: 1 } }]), 'statement_corrupt'],
  [
    'with a size that is a lie',
    (file) => zipOfMembers([{ ...file, claims: { size: 10 } }]),
    'statement_corrupt',
  ],
];

describe.each(CHANNELS)('a zip for %s', (_channel, file, open) => {
  test.each(TROUBLES)('%s is refused', async (_what, make, code) => {
    const found = await codeOf(open(inPieces(make(file))));

    expect(found).toContain(code);
    expect(Object.keys(ERRORS)).toContain(found);
  });
});

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536)
    yield await Promise.resolve(bytes.subarray(at, at + 65_536));
}

/** The code with which the statement ends, read to its end as an import does. */
async function codeOf({ bytes, reader }: StatementContent): Promise<string> {
  try {
    for await (const part of bytes) reader.push(part);
    reader.end();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'taken';
}
