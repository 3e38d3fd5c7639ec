/** What Alipay's files say about themselves in comment lines. */
import { parseYuan } from '../../domain/money.ts';
import type { StatementTotals } from '../../domain/statement/statement.ts';

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

function absolute(minor: bigint): bigint {
  return minor < 0n ? -minor : minor;
}
