/**
 * CSV that spreadsheets open as it is meant: UTF-8 with BOM, RFC 4180 quoting, CR LF. No text is taken for a formula
 * (OWASP ASVS 5.0, 1.2.10), and no number of a refund for a number or a date.
 */

/** `text` is anybody's, `serial` a number by which something is found again, `figure` a number to count with. */
export type Cell =
  | { readonly kind: 'text' | 'serial'; readonly value: string | null }
  | { readonly kind: 'figure'; readonly value: bigint | number | string | null };

export const text = (value: string | null): Cell => ({ kind: 'text', value });
export const serial = (value: string | null): Cell => ({ kind: 'serial', value });
/** A number that we have written ourselves: digits, sign, point. */
export const figure = (value: bigint | number | string | null): Cell => ({ kind: 'figure', value });

export const BOM = '\uFEFF';
const LINE_END = '\r\n';

/** What makes a spreadsheet compute or run a cell; the full-width forms are the same to some. */
const FORMULA = /^[=+\-@\t\r\n\0＝＋－＠]/;

const MONTH =
  'jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?';

/** Digits, and what dates, times, exponents and months are written with: spreadsheets round or turn these. */
const NUMBER_OR_DATE = new RegExp(
  `^([0-9][0-9.,:/eE+\\- ]*|(${MONTH})[-/ ]?[0-9]+|[0-9]+[-/ ]?(${MONTH}))$`,
  'i',
);

/** One line of CSV, with its end. */
export function csvLine(cells: readonly Cell[]): string {
  return cells.map(cellText).join(',') + LINE_END;
}

function cellText(cell: Cell): string {
  if (cell.value === null) return '';
  switch (cell.kind) {
    case 'figure':
      return String(cell.value);
    case 'text':
      return escaped(neutral(cell.value));
    case 'serial':
      // A tab behind it keeps it text and is seen by nobody; channels write their own exports this way.
      return escaped(NUMBER_OR_DATE.test(cell.value) ? `${cell.value}\t` : neutral(cell.value));
  }
}

/** An apostrophe in front says "this is text". */
function neutral(value: string): string {
  return FORMULA.test(value) ? `'${value}` : value;
}

function escaped(value: string): string {
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
