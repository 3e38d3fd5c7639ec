/**
 * A clearing day's zip as a statement: the records of the ZM file, the corrections of the ZME file behind them, the printed
 * report to compare sums with. Whatever else is in it is kept aside and counted.
 */
import { AppError } from '../../domain/errors.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import type { StatementContent } from '../channel.ts';
import { DEFAULT_UNPACK_CAPS, readMember, unpackDelivery, unpackMember } from '../unpack.ts';
import type { ZipMember } from '../unzip.ts';
import { DayReader } from './day-reader.ts';
import { readPrintedReport } from './printed-report.ts';
import { withoutTransferPacking } from './transfer-packing.ts';
import type { ZmReader } from './zm-reader.ts';

/** `INN`, the clearing date as yymmdd, `88ZM_` (transactions) or `88ZME_` (corrections of them), the merchant. */
const ZM_NAME = /^INN(\d{2})(\d{2})(\d{2})88ZM_[0-9A-Za-z]+$/;
const ZME_NAME = /^INN(\d{2})(\d{2})(\d{2})88ZME_[0-9A-Za-z]+$/;
const REPORT_NAME = /^RD\d+_[0-9A-Za-z]+$/;
const REPORT_BYTES_MAX = 4 * 1024 ** 2;
/** Files beside the transactions are small; they are read as a whole. */
const BESIDE_BYTES_MAX = 64 * 1024 ** 2;

/** A refund is printed when it was cleared. */
export const UNIONPAY_LINE_PROVES = 'clearing';

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
  const reader = new DayReader();
  const bytes = unpackDelivery(withoutTransferPacking(packed), (members) => readDay(members, reader));
  return { bytes, reader };
}

async function* readDay(members: readonly ZipMember[], reader: DayReader): AsyncGenerator<Buffer, void> {
  const days = dated(members, ZM_NAME);
  const [day, ...more] = days;
  if (day === undefined || more.length > 0)
    throw new AppError('statement_unrecognised', { packing: 'zip', zm_files: days.length });
  const zm = reader.begin(day.date);
  const reports = members.filter(({ name }) => REPORT_NAME.test(name));
  const unread = await declareTotals(reports, zm);
  yield* unpackMember(day.member, DEFAULT_UNPACK_CAPS);
  const corrections = dated(members, ZME_NAME);
  for (const { member, date } of corrections) {
    reader.beside({ kind: 'zme', clearingDate: date });
    yield await readMember(member, BESIDE_BYTES_MAX);
  }
  const read = [day.member, ...corrections.map(({ member }) => member), ...reports];
  for (const member of [...members.filter((one) => !read.includes(one)), ...unread]) {
    reader.beside({ kind: 'other', name: member.name });
    yield await readMember(member, BESIDE_BYTES_MAX);
  }
}

/** Takes the totals of the first report that has some, and returns the reports that were of no use. */
async function declareTotals(reports: readonly ZipMember[], zm: ZmReader): Promise<readonly ZipMember[]> {
  for (const report of reports) {
    const totals = readPrintedReport(await readMember(report, REPORT_BYTES_MAX));
    if (totals === null) continue;
    zm.declare(totals);
    return reports.filter((one) => one !== report);
  }
  return reports;
}

/** The members whose names match, with the clearing date that their name says. */
function dated(
  members: readonly ZipMember[],
  pattern: RegExp,
): { readonly member: ZipMember; readonly date: string }[] {
  return members.flatMap((member) => {
    const name = pattern.exec(member.name);
    return name === null ? [] : [{ member, date: `20${name[1] ?? ''}-${name[2] ?? ''}-${name[3] ?? ''}` }];
  });
}
