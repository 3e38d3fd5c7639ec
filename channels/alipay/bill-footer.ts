/** What Alipay's files say about themselves in comment lines and in the summary file beside them. */
import { AppError } from '../../domain/errors.ts';
import { parseYuan } from '../../domain/money.ts';
import type { StatementTotals } from '../../domain/statement/statement.ts';
import { normalise } from './bill-layout.ts';

const AMOUNT = '(-?[0-9]+(?:\\.[0-9]{1,2})?)';

/** Each comment line with figures, and the names of the totals that its figures are. */
const FOOTERS: readonly { readonly pattern: RegExp; readonly count: string; readonly minor: string }[] = [
  {
    pattern: new RegExp(`^#?交易合计：([0-9]+)笔，商家实收共${AMOUNT}元`),
    count: 'payments',
    minor: 'received_minor',
  },
  {
    pattern: new RegExp(`^#?退款合计：([0-9]+)笔，商家实收退款共${AMOUNT}元`),
    count: 'refunds',
    minor: 'refunded_minor',
  },
  { pattern: new RegExp(`^#?收入合计：([0-9]+)笔，共${AMOUNT}元`), count: 'in_count', minor: 'in_minor' },
  { pattern: new RegExp(`^#?支出合计：([0-9]+)笔，共${AMOUNT}元`), count: 'out_count', minor: 'out_minor' },
];

/** The figures of a comment line, amounts without their sign; null for a line without figures. */
export function readFooter(line: string): StatementTotals | null {
  // Some files pad their comments with the commas of their columns.
  const bare = line.trim().replace(/,+$/, '');
  for (const { pattern, count, minor } of FOOTERS) {
    const figures = pattern.exec(bare);
    if (figures === null) continue;
    return { [count]: BigInt(figures[1] ?? '0'), [minor]: absolute(parseYuan(figures[2] ?? '')) };
  }
  return null;
}

/** `#账号：[20881234567890120156]`: 16 digits of the merchant and four more. Null for any other line. */
export function readOwner(line: string): string | null {
  return /^#?账号：\[?([0-9]{16})[0-9]{0,4}\]?/.exec(line.trim())?.[1] ?? null;
}

/** `#起始日期：[2025年06月30日 00:00:00]`: the day of the file. Null for any other line. */
export function readDay(line: string): string | null {
  const parts = /^#?起始日期：\[?([0-9]{4})年([0-9]{2})月([0-9]{2})日/.exec(line.trim());
  return parts === null ? null : `${parts[1] ?? ''}-${parts[2] ?? ''}-${parts[3] ?? ''}`;
}

/** Columns of the summary file, and the names of the totals that they are. */
const SUMMARY_COLUMNS: Readonly<Record<string, string>> = {
  交易订单总笔数: 'payments',
  退款订单总笔数: 'refunds',
  '商家实收(元)': 'net_minor',
};

const ALL_SHOPS = '合计';

/**
 * The figures of a summary file: its line of all shops, or the sum of its lines. Null when it is none that we know.
 * @throws AppError `statement_summary_missing` for figures that cannot be read
 */
export function readSummaryFile(bytes: Buffer): StatementTotals | null {
  const text = new TextDecoder('gb18030').decode(bytes);
  const rows = text
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#') && line.trim() !== '')
    .map((line) => line.split(',').map((cell) => cell.trim()));
  const heads = rows[0]?.map(normalise) ?? [];
  const columns = heads.flatMap((head, at) => {
    const name = SUMMARY_COLUMNS[head];
    return name === undefined ? [] : [{ name, at }];
  });
  if (columns.length < Object.keys(SUMMARY_COLUMNS).length) return null;
  const body = rows.slice(1);
  const all = body.find((row) => row[0] === ALL_SHOPS);
  const counted = all === undefined ? body : [all];
  return Object.fromEntries(
    columns.map(({ name, at }) => [
      name,
      counted.reduce((sum, row) => sum + figure(name, row[at] ?? ''), 0n),
    ]),
  );
}

function figure(name: string, text: string): bigint {
  try {
    return name.endsWith('_minor') ? parseYuan(text) : BigInt(text);
  } catch (error) {
    throw new AppError('statement_summary_missing', { figure: text.slice(0, 40) }, { cause: error });
  }
}

function absolute(minor: bigint): bigint {
  return minor < 0n ? -minor : minor;
}
