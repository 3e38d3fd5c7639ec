/** One line of a refund list: every field is checked, and what is wrong is said so that it can be mended. */
import { MINOR_MAX, formatYuan, parseYuan } from '../../domain/money.ts';
import type { RefundNoRule } from '../../domain/ids.ts';
import type { FundingSource } from '../../domain/refund/refund.ts';
import { FUNDING_SOURCES } from '../../domain/refund/refund.ts';
import type { RefundState } from '../../domain/refund/state.ts';
import { REFUND_STATES } from '../../domain/refund/state.ts';
import type { ListColumn, ListHeader } from './list-header.ts';
import { ABSENT, COLUMNS } from './list-header.ts';
import { readInstant } from './list-instant.ts';
import { quoted } from './problems.ts';

/** A refund as the list has it. */
export interface ListedRefund {
  /** 1-based line of the file; names the refund in this run. */
  readonly listLine: number;
  readonly refundNo: string;
  /** Decimal digits of minor units. */
  readonly amountMinor: string;
  readonly currency: string;
  /** Ms since 1970. */
  readonly requestedAtMs: number;
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  readonly paymentNo: string | null;
  readonly source: FundingSource;
  /** Null when the list does not say. */
  readonly state: RefundState | null;
}

/** Names of the channel, for messages, the numbers it takes, and its words for states in lower case. */
export interface RowRules {
  readonly title: string;
  readonly refundNo: RefundNoRule;
  readonly states: Readonly<Record<string, RefundState>>;
}

const SOURCES: ReadonlyMap<string, FundingSource> = new Map(
  FUNDING_SOURCES.map((source) => [source, source]),
);

/** Our states, and the word that most channels and people have for one of them. */
const STATES: ReadonlyMap<string, RefundState> = new Map<string, RefundState>([
  ...REFUND_STATES.map((state) => [state, state] as const),
  ['success', 'succeeded'],
]);

const SERIAL_CHARACTERS_MAX = 128;
const AMOUNT = /^[1-9][0-9]{0,15}$/;
const CURRENCY = /^[A-Z]{3}$/;
const CONTROL = /[\u0000-\u001f\u007f]/;
/** What spreadsheets make of a long number. */
const ROUNDED = /^[0-9](\.[0-9]+)?E\+?[0-9]+$/i;

/** Reads a line, or says all that is wrong with it. No closures here: a list may have millions of lines. */
export function readRow(
  cells: readonly string[],
  header: ListHeader,
  rules: RowRules,
  listLine: number,
): ListedRefund | { readonly problems: readonly string[] } {
  const refundNo = cellOf(cells, header, 'refund_no');
  const amountMinor = cellOf(cells, header, 'amount_minor');
  const currency = cellOf(cells, header, 'currency');
  const requestedAtMs = readInstant(cellOf(cells, header, 'requested_at'));
  const source = sourceOf(cellOf(cells, header, 'source'));
  const stateWord = cellOf(cells, header, 'state');
  const channelRefundNo = cellOf(cells, header, 'channel_refund_no');
  const transactionId = cellOf(cells, header, 'transaction_id');
  const paymentNo = cellOf(cells, header, 'payment_no');
  const isGood =
    refundNoFault(refundNo, rules) === null &&
    amountFault(amountMinor) === null &&
    currencyFault(currency) === null &&
    stateFault(stateWord, rules) === null &&
    serialFault(channelRefundNo) === null &&
    serialFault(transactionId) === null &&
    serialFault(paymentNo) === null;
  if (!isGood || requestedAtMs === null || source === null) {
    return { problems: problemsIn(cells, header, rules, listLine) };
  }
  return {
    listLine,
    refundNo,
    amountMinor,
    currency,
    requestedAtMs,
    channelRefundNo: channelRefundNo === '' ? null : channelRefundNo,
    transactionId: transactionId === '' ? null : transactionId,
    paymentNo: paymentNo === '' ? null : paymentNo,
    source,
    state: stateOf(stateWord, rules),
  };
}

function problemsIn(
  cells: readonly string[],
  header: ListHeader,
  rules: RowRules,
  listLine: number,
): readonly string[] {
  const faultOf: Readonly<Partial<Record<ListColumn, (value: string) => string | null>>> = {
    refund_no: (value) => refundNoFault(value, rules),
    amount_minor: amountFault,
    currency: currencyFault,
    requested_at: instantFault,
    source: sourceFault,
    state: (value) => stateFault(value, rules),
    channel_refund_no: serialFault,
    transaction_id: serialFault,
    payment_no: serialFault,
  };
  return COLUMNS.flatMap((column) => {
    const fault = faultOf[column]?.(cellOf(cells, header, column)) ?? null;
    return fault === null ? [] : [`line ${String(listLine)}: ${column} ${fault}`];
  });
}

/** The text of a column without the blanks and tabs around it; empty where the list has no such column. */
export function cellOf(cells: readonly string[], header: ListHeader, column: ListColumn): string {
  const place = header.at[column];
  return place === ABSENT ? '' : (cells[place] ?? '').trim();
}

function refundNoFault(value: string, rules: RowRules): string | null {
  if (value === '') return 'is empty';
  if (rules.refundNo.pattern.test(value)) return null;
  if (ROUNDED.test(value)) return rounded(value);
  return `${quoted(value)} cannot be a refund number of ${rules.title}: ${rules.refundNo.says}`;
}

function serialFault(value: string): string | null {
  if (value === '') return null;
  if (ROUNDED.test(value)) return rounded(value);
  if (CONTROL.test(value)) return `${quoted(value)} has a line break or another control character in it`;
  if (value.length <= SERIAL_CHARACTERS_MAX) return null;
  return `${quoted(value)} is longer than ${String(SERIAL_CHARACTERS_MAX)} characters`;
}

function rounded(value: string): string {
  return `${quoted(value)} was rounded by a spreadsheet: export the list again with this column as text`;
}

function amountFault(value: string): string | null {
  if (AMOUNT.test(value) && BigInt(value) <= MINOR_MAX) return null;
  if (value === '') return 'is empty';
  if (/^-?0*$/.test(value)) return `${quoted(value)} is nothing: a refund is more than 0`;
  if (value.startsWith('-')) return `${quoted(value)} is negative: write what goes back as a positive number`;
  const yuan = yuanMeant(value);
  const hint = yuan === null ? 'write whole fen, for example 1230 for 12.30 yuan' : yuan;
  return `${quoted(value)} is not a whole number of minor units: ${hint}`;
}

function yuanMeant(value: string): string | null {
  if (!/^[0-9]{1,13}\.[0-9]{1,2}$/.test(value)) return null;
  const minor = parseYuan(value);
  return `write ${minor.toString()} if ${formatYuan(minor)} yuan are meant`;
}

function currencyFault(value: string): string | null {
  if (value === 'RMB') return '"RMB" is not an ISO 4217 code: write CNY';
  if (CURRENCY.test(value)) return null;
  return value === '' ? 'is empty' : `${quoted(value)} is not an ISO 4217 code such as CNY`;
}

function instantFault(value: string): string | null {
  if (readInstant(value) !== null) return null;
  if (value === '') return 'is empty';
  return `${quoted(value)} is not an RFC 3339 time with its offset, such as 2026-11-24T10:00:00+08:00`;
}

function sourceOf(word: string): FundingSource | null {
  if (word === '') return 'unknown';
  return SOURCES.get(word.toLowerCase()) ?? null;
}

function sourceFault(word: string): string | null {
  return sourceOf(word) === null ? `${quoted(word)} is none of ${[...SOURCES.keys()].join(', ')}` : null;
}

function stateOf(word: string, { states }: RowRules): RefundState | null {
  const plain = word.toLowerCase();
  return STATES.get(plain) ?? (Object.hasOwn(states, plain) ? (states[plain] ?? null) : null);
}

function stateFault(word: string, rules: RowRules): string | null {
  if (word === '' || stateOf(word, rules) !== null) return null;
  return `${quoted(word)} is none of ${[...STATES.keys(), ...Object.keys(rules.states).toSorted()].join(', ')}`;
}
