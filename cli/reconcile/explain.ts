/** Each break in one sentence: what does not agree, with both values, and what to look at. */
import { formatYuan, isCurrency } from '../../domain/money.ts';
import { addDays, beijingDateOf } from '../../domain/time/plain-date.ts';
import { beijingTime } from '../output.ts';
import { differing, differingNumbers } from './differing.ts';
import type { BreakRow, LineSide } from './rows.ts';

/** Where a line stands. */
export type Place = Pick<LineSide, 'fileId' | 'lineNo'>;

/** Names of refunds that a sentence lists before it says how many more there are. */
const NAMES_MAX = 5;

/** @param placeOf names a line: file and line number */
export function explain(row: BreakRow, placeOf: (line: Place) => string): string {
  const { kind, listed, line, detail } = row;
  switch (kind) {
    case 'missing_at_channel':
      return missing(row);
    case 'missing_in_books':
      return 'in the statement, and not in the list';
    case 'amount_differs':
      return `the list says ${listed === null ? '' : money(listed)}, the statement ${line === null ? '' : money(line)}`;
    case 'number_differs':
      return contradicted(row, placeOf);
    case 'state_conflict':
      return detail['adjustment'] === undefined ? conflict(row) : correction(row);
    case 'duplicate_line':
      return line === null ? listedAgain(row) : printedAgain(row, placeOf);
    case 'ambiguous':
      return detail['adjustment'] === undefined
        ? `could be ${candidates(row, placeOf)}: same transaction and amount`
        : `corrects ${candidates(row, placeOf)}: all have that part of the channel's number`;
    case 'returned':
      return detail['adjustment'] === undefined ? JSON.stringify(detail) : correction(row);
    // Differences of the fund-flow statement, which this command does not compare.
    case 'missing_in_fund_flow':
    case 'missing_in_trade':
    case 'fee_differs':
    case 'late':
      return JSON.stringify(detail);
  }
}

/** A promise as people say it: by the end of a day, or by a time. */
export function promisedBy(promiseAt: Date): string {
  const isMidnight = beijingTime(promiseAt).endsWith(' 00:00');
  return isMidnight
    ? `the end of ${beijingDateOf(new Date(promiseAt.getTime() - 1))}`
    : beijingTime(promiseAt);
}

interface Amount {
  readonly amountMinor: bigint;
  readonly currency: string;
}

/** An amount with its currency; minor units where we do not know how the currency is written. */
function money(side: Amount): string {
  const { amountMinor, currency } = side;
  return isCurrency(currency) ? `${formatYuan(amountMinor, currency)} ${currency}` : inMinorUnits(side);
}

/** An amount in a currency of which we do not know how it is written. */
export function inMinorUnits({ amountMinor, currency }: Amount): string {
  return `${amountMinor.toString()} minor unit${amountMinor === 1n ? '' : 's'} of ${currency}`;
}

function missing({ window, detail }: BreakRow): string {
  const day = String(detail['day']);
  const next = addDays(day, 1);
  const promised = window === null ? '' : `promised by ${promisedBy(window.promiseAt)}, `;
  return `${promised}${absence(day, next, detail['day_given'] === true, detail['next_given'] === true)}`;
}

function absence(day: string, next: string, dayGiven: boolean, nextGiven: boolean): string {
  if (dayGiven && nextGiven) return `in neither of the statements of ${day} and ${next}`;
  if (!dayGiven && !nextGiven) return `in no statement given: those of ${day} and ${next} are not among them`;
  return `in no statement given: that of ${dayGiven ? next : day} is not among them`;
}

/** All that does not agree of a line and the refund that it names. */
function contradicted(row: BreakRow, placeOf: (line: Place) => string): string {
  const { listed, line, detail } = row;
  if (detail['of_line'] !== undefined) {
    const refund = row.related === null ? 'a refund' : `refund ${row.related.refundNo}`;
    return `has a number of ${refund}, which ${placeOf(holder(detail))} is or claims as well: ${numbers(detail)}`;
  }
  const amounts = differing(row).some(({ key }) => key === 'amount_minor' || key === 'currency');
  return [
    numbers(detail),
    ...(amounts && listed !== null && line !== null
      ? [`the list says ${money(listed)}, the statement ${money(line)}`]
      : []),
    ...(detail['line_status'] === undefined ? [] : [conflict(row)]),
    'as it is, the line proves nothing about this refund',
  ].join('; ');
}

function numbers(detail: BreakRow['detail']): string {
  return differingNumbers(detail)
    .map(({ key, ours, theirs }) => `the list says ${key} ${ours}, the statement ${theirs}`)
    .join('; ');
}

function conflict({ listed, line, detail }: BreakRow): string {
  if (listed === null || line === null) return 'list and statement contradict each other';
  const printed = detail['line_status'];
  const isDated = line.occurredAt < new Date(listed.requestedAt.getTime() - DAY_MS);
  if (listed.state === 'failed' || listed.state === 'requested' || (printed !== undefined && !isDated)) {
    const as = typeof printed === 'string' ? ` as ${printed}` : '';
    return `the list says ${listed.state ?? 'nothing of its state'}, and the statement shows it${as}`;
  }
  return `the statement dates it ${beijingTime(line.occurredAt)}, over a day before it was asked for`;
}

const DAY_MS = 86_400_000;

/** What a bank or the channel made of a refund afterwards. */
function correction({ line, listed, detail }: BreakRow): string {
  const sum = line === null ? 'an amount' : money(line);
  const isWhole = line === null || listed === null || line.amountMinor === listed.amountMinor;
  if (detail['adjustment'] !== 'out' && !isWhole)
    return `a correction gives ${sum} back to the merchant, which is not the amount of the refund: ask the channel what for`;
  return detail['adjustment'] === 'out'
    ? `a correction takes ${sum} from the merchant once more: ask the channel what for`
    : `a correction gives ${sum} back to the merchant: the payer's bank has sent the refund back`;
}

function listedAgain({ related, detail }: BreakRow): string {
  const where =
    related === null ? 'elsewhere in the list' : `on line ${related.listLine.toString()} of the list`;
  const content = detail['same_content'] === true ? '' : ', with another amount';
  const rule =
    detail['payment_unsaid'] === true
      ? 'refunds of one number are told apart by transaction_id, which one of the two does not have'
      : 'a refund has one number of its own';
  return `the same number is ${where}${content}: ${rule}`;
}

function printedAgain({ related, detail }: BreakRow, placeOf: (line: Place) => string): string {
  const refund = related === null ? '' : ` (refund ${related.refundNo})`;
  const differs = detail['numbers'] === undefined ? '' : `, where ${numbers(detail)}`;
  return `the statement shows the same refund on ${placeOf(holder(detail))}${refund}${differs}`;
}

/** The line that holds the refund which another line names as well. */
function holder(detail: BreakRow['detail']): Place {
  return { fileId: BigInt(String(detail['of_file'])), lineNo: Number(detail['of_line']) };
}

function candidates({ line, detail }: BreakRow, placeOf: (line: Place) => string): string {
  if (line !== null) return names(listOf(detail['candidates']).map(String));
  const places = listOf(detail['lines']) as { file: string; line: number }[];
  return names(places.map((place) => placeOf({ fileId: BigInt(place.file), lineNo: place.line })));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function names(all: readonly string[]): string {
  const more = all.length - NAMES_MAX;
  return `${all.slice(0, NAMES_MAX).join(' or ')}${more > 0 ? ` or ${String(more)} more` : ''}`;
}
