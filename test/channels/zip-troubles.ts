/** F54 F55: zips that no channel sends, as the deliveries of the channels that send zips, and the code of each. */
import { gzipSync } from 'node:zlib';
import { openAlipayStatement } from '../../channels/alipay/bill.ts';
import type { StatementContent } from '../../channels/channel.ts';
import { openUnionpayStatement } from '../../channels/unionpay/statement.ts';
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

type ZipChannel = readonly [
  name: string,
  good: Delivery,
  open: (packed: AsyncIterable<Buffer>) => StatementContent,
];

const CHANNELS: readonly ZipChannel[] = [
  ['Alipay', ALIPAY, (packed) => openAlipayStatement('trade', packed)],
  ['UnionPay', UNIONPAY, (packed) => openUnionpayStatement('trade', packed)],
];

type ZipTrouble = readonly [what: string, make: (good: Delivery) => Buffer, code: string];

const TROUBLES: readonly ZipTrouble[] = [
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
    'statement_unrecognised',
  ],
  [
    'with an absolute name',
    (file) => zipOfMembers([{ ...file, name: Buffer.concat([Buffer.from('/'), file.name]) }]),
    'statement_unrecognised',
  ],
  [
    'with a name on a drive',
    (file) => zipOfMembers([{ ...file, name: Buffer.concat([Buffer.from('C:\\'), file.name]) }]),
    'statement_unrecognised',
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

/** The channels that send zips: a good member of each, and how a delivery is opened. */
export function zipChannels(): readonly ZipChannel[] {
  return CHANNELS;
}

/** What is the matter, the zip with it, and the code of the refusal. */
export function zipTroubles(): readonly ZipTrouble[] {
  return TROUBLES;
}
