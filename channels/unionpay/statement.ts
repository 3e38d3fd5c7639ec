/** A clearing day's zip as a statement: the ZM file's records, and the printed report to compare their sums with. */
import { AppError } from '../../domain/errors.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import type { StatementContent } from '../channel.ts';
import { DEFAULT_UNPACK_CAPS, readMember, unpackDelivery, unpackMember } from '../unpack.ts';
import type { ZipMember } from '../unzip.ts';
import { readPrintedReport } from './printed-report.ts';
import { ZmReader } from './zm-reader.ts';

/** `INN`, the clearing date as yymmdd, `88ZM_`, the merchant. */
const ZM_NAME = /^INN(\d{2})(\d{2})(\d{2})88ZM_[0-9A-Za-z]+$/;
const REPORT_NAME = /^RD\d+_[0-9A-Za-z]+$/;
const REPORT_BYTES_MAX = 4 * 1024 ** 2;

/**
 * Opens a delivery: the zip of a clearing day. Nothing is read before the bytes are.
 * While reading, AppError `statement_unrecognised` for a zip without a ZM file, and what unpacking throws.
 */
export function openUnionpayStatement(
  kind: StatementKind | null,
  packed: AsyncIterable<Buffer>,
): StatementContent {
  if (kind !== null && kind !== 'trade')
    throw new AppError('statement_unrecognised', { reason: `this channel has no ${kind} statement` });
  const reader = new LateReader();
  const bytes = unpackDelivery(packed, (members) => readDay(members, reader));
  return { bytes, reader };
}

async function* readDay(members: readonly ZipMember[], reader: LateReader): AsyncGenerator<Buffer, void> {
  const found = members.flatMap((member) => {
    const name = ZM_NAME.exec(member.name);
    return name === null ? [] : [{ member, date: `20${name[1] ?? ''}-${name[2] ?? ''}-${name[3] ?? ''}` }];
  });
  const [day, ...more] = found;
  if (day === undefined || more.length > 0)
    throw new AppError('statement_unrecognised', { packing: 'zip', zm_files: found.length });
  const zm = reader.begin(day.date);
  const report = members.find(({ name }) => REPORT_NAME.test(name));
  if (report !== undefined) {
    const totals = readPrintedReport(await readMember(report, REPORT_BYTES_MAX));
    if (totals !== null) zm.declare(totals);
  }
  yield* unpackMember(day.member, DEFAULT_UNPACK_CAPS);
}

/** The reader of a file whose date is known only once the zip is open. */
class LateReader {
  #zm: ZmReader | null = null;

  begin(clearingDate: string): ZmReader {
    this.#zm = new ZmReader(clearingDate);
    return this.#zm;
  }

  push(chunk: Buffer): Buffer {
    return this.#begun().push(chunk);
  }

  end(): Buffer {
    return this.#begun().end();
  }

  summary(): ReturnType<ZmReader['summary']> {
    return this.#begun().summary();
  }

  #begun(): ZmReader {
    // Only the name of the file in the zip says which day it is: without a zip there is no day.
    if (this.#zm === null)
      throw new AppError('statement_unrecognised', { reason: 'not the zip of a clearing day' });
    return this.#zm;
  }
}
