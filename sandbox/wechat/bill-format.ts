/**
 * The bytes of a bill: UTF-8 with BOM, lines ended by CR LF, column names without marks, every value behind a backtick,
 * nothing quoted. So a value may hold commas and quotes, and only the pair comma-backtick separates.
 */
import { formatYuan } from '../../domain/money.ts';

const BOM = '\uFEFF';
const LINE_END = '\r\n';

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A bill is two tables: the lines, and one line of sums. */
export function billBytes(lines: Table, summary: Table): Buffer {
  const text = [lines, summary].flatMap(({ columns, rows }) => [columns.join(','), ...rows.map(row)]);
  return Buffer.from(BOM + text.map((line) => line + LINE_END).join(''));
}

/** A fee: five decimals, though it is whole fen. */
export function fiveDecimals(minor: bigint): string {
  return `${formatYuan(minor)}000`;
}

export function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, minor) => total + minor, 0n);
}

function row(values: readonly string[]): string {
  return values.map((value) => `\`${onOneLine(value)}`).join(',');
}

/** As documented: \x01 becomes a blank, line ends become the two characters that name them. */
function onOneLine(value: string): string {
  return value.replaceAll('\u0001', ' ').replaceAll('\r', String.raw`\r`).replaceAll('\n', String.raw`\n`);
}
