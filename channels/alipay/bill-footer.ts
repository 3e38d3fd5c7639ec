/** What Alipay's files say about themselves in comment lines. */
import { AppError } from '../../domain/errors.ts';
import type { StatementContentKind, StatementTotals } from '../../domain/statement/statement.ts';
import { glimpseOf } from '../glimpse.ts';
import { readYuan } from './yuan-text.ts';

interface Footer {
  /** With what the line begins. */
  readonly label: string;
  /** The words before its sum. */
  readonly of: string;
  /** Names of the totals that its figures are. */
  readonly count: string;
  readonly minor: string;
}

/** The comment lines with figures that each kind of bill ends with: every file has both, days without business too. */
const FOOTERS: Readonly<Record<StatementContentKind, readonly Footer[]>> = {
  trade: [
    { label: '交易合计', of: '商家实收共', count: 'payments', minor: 'received_minor' },
    { label: '退款合计', of: '商家实收退款共', count: 'refunds', minor: 'refunded_minor' },
  ],
  fund_flow: [
    { label: '收入合计', of: '共', count: 'in_count', minor: 'in_minor' },
    { label: '支出合计', of: '共', count: 'out_count', minor: 'out_minor' },
  ],
};
const ALL_FOOTERS = Object.values(FOOTERS).flat();

/**
 * The figures of a comment line, amounts without their sign; null for a line that is no trailer.
 * @throws AppError `statement_summary_missing` for a trailer whose figures cannot be read
 */
export function readFooter(line: string): StatementTotals | null {
  // Some files pad their comments with the commas of their columns.
  const bare = line.trim().replace(/^#/, '').replace(/,+$/, '');
  const footer = ALL_FOOTERS.find(({ label }) => bare.startsWith(label));
  if (footer === undefined) return null;
  const [, count, sum] = /^：([0-9]{1,15})笔，(.*)$/.exec(bare.slice(footer.label.length)) ?? [];
  const [, yuan] = new RegExp(`^${footer.of}([^元]*)元`).exec(sum ?? '') ?? [];
  if (count === undefined || yuan === undefined) throw unreadable(line);
  return { [footer.count]: BigInt(count), [footer.minor]: absoluteFen(yuan, line) };
}

/** The label of a trailer that a bill of this kind has to have and whose figures are not among those found. */
export function missingFooter(kind: StatementContentKind, found: StatementTotals): string | null {
  return FOOTERS[kind].find(({ count }) => found[count] === undefined)?.label ?? null;
}

function absoluteFen(yuan: string, line: string): bigint {
  try {
    const minor = readYuan(yuan);
    return minor < 0n ? -minor : minor;
  } catch (error) {
    throw unreadable(line, error);
  }
}

function unreadable(line: string, cause?: unknown): AppError {
  return new AppError('statement_summary_missing', { unreadable: glimpseOf(line) }, { cause });
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
