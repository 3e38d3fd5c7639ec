/** The first line of a refund list: which column is where. */
import { quoted } from './problems.ts';

export const REQUIRED_COLUMNS = ['refund_no', 'channel', 'amount_minor', 'currency', 'requested_at'] as const;
export const OPTIONAL_COLUMNS = [
  'channel_refund_no',
  'transaction_id',
  'payment_no',
  'source',
  'state',
] as const;

export type ListColumn = (typeof REQUIRED_COLUMNS)[number] | (typeof OPTIONAL_COLUMNS)[number];

/** All of them, in the order in which problems of a line are said. */
export const COLUMNS: readonly ListColumn[] = [...REQUIRED_COLUMNS, ...OPTIONAL_COLUMNS];

/** Place of an optional column that the list does not have. */
export const ABSENT = -1;

export interface ListHeader {
  readonly at: Readonly<Record<ListColumn, number>>;
  /** Fields of a line. */
  readonly width: number;
  /** Columns of the list that mean nothing to us. */
  readonly ignored: readonly string[];
}

/** Reads the header, or says what is wrong with it. Case and blanks around names do not matter. */
export function readHeader(cells: readonly string[]): ListHeader | { readonly problems: readonly string[] } {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  const separator = otherSeparator(names);
  if (separator !== null) {
    return { problems: [`line 1: the columns are separated by ${separator}, not by commas`] };
  }
  const missing = REQUIRED_COLUMNS.filter((column) => !names.includes(column));
  const twice = COLUMNS.filter((column) => names.indexOf(column) !== names.lastIndexOf(column));
  const problems = [
    ...missing.map((column) => `line 1: there is no column ${column}`),
    ...twice.map((column) => `line 1: the column ${column} is there twice`),
  ];
  if (missing.length === REQUIRED_COLUMNS.length) {
    return {
      problems: [
        `line 1: this is no header: it begins with ${quoted(cells.join(','))} and names none of ${REQUIRED_COLUMNS.join(', ')}`,
      ],
    };
  }
  if (problems.length > 0) return { problems };
  const places = COLUMNS.map((column) => [column, names.indexOf(column)] as const);
  return {
    at: Object.fromEntries(places) as Record<ListColumn, number>,
    width: cells.length,
    ignored: names.filter((name) => !COLUMNS.some((column) => column === name)),
  };
}

/** Spreadsheets of some countries write semicolons, some exports tabs: one long name is what comes of it. */
function otherSeparator(names: readonly string[]): string | null {
  const [only = ''] = names;
  if (names.length !== 1 || !REQUIRED_COLUMNS.some((column) => only.includes(column))) return null;
  if (only.includes(';')) return 'semicolons';
  return only.includes('\t') ? 'tabs' : null;
}
