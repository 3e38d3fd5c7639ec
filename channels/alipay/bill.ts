/** An Alipay delivery: a zip of two files, of which one holds the rows and the other a summary of them. */
import { AppError } from '../../domain/errors.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import type { StatementContent } from '../channel.ts';
import { DEFAULT_UNPACK_CAPS, readMember, unpackDelivery, unpackMember } from '../unpack.ts';
import type { ZipMember } from '../unzip.ts';
import { AlipayBillReader } from './bill-reader.ts';

/** Parts of the members' names: 明细 details, 汇总 summary. */
const DETAIL = '明细';
const SUMMARY = '汇总';
const SUMMARY_BYTES_MAX = 4 * 1024 ** 2;

/** A refund is printed when it is done. */
export const ALIPAY_LINE_PROVES = 'completion';

/** Opens a delivery: the zip, or one of its files as CSV. The kind is in the header. Nothing is read before the bytes are. */
export function openAlipayStatement(
  _kind: StatementKind | null,
  packed: AsyncIterable<Buffer>,
): StatementContent {
  const reader = new AlipayBillReader();
  return { reader, bytes: unpackDelivery(packed, (members) => readZip(members, reader)) };
}

async function* readZip(
  members: readonly ZipMember[],
  reader: AlipayBillReader,
): AsyncGenerator<Buffer, void> {
  const details = members.filter(({ name }) => name.includes(DETAIL) && !name.includes(SUMMARY));
  const [detail, ...more] =
    details.length === 0 ? members.filter(({ name }) => !name.includes(SUMMARY)) : details;
  if (detail === undefined || more.length > 0)
    throw new AppError('statement_unrecognised', { packing: 'zip', files: members.length });
  const summary = members.find(({ name }) => name.includes(SUMMARY));
  if (summary !== undefined) reader.declare(await readMember(summary, SUMMARY_BYTES_MAX));
  yield* unpackMember(detail, DEFAULT_UNPACK_CAPS);
}
