/** The summary file (汇总) that lies beside the details in a delivery: its columns, its figures. */
import { AppError } from '../../domain/errors.ts';
import type { StatementContentKind, StatementTotals } from '../../domain/statement/statement.ts';
import { normalise } from './bill-layout.ts';
import { readYuan } from './yuan-text.ts';

/** Columns of the summary of each kind of bill, and the names of the totals that they are. */
const COLUMNS: Readonly<Record<StatementContentKind, readonly Column[]>> = {
  trade: [
    ['交易订单总笔数', 'payments'],
    ['退款订单总笔数', 'refunds'],
    ['商家实收(元)', 'net_minor'],
  ],
  fund_flow: [
    ['收入笔数', 'in_count'],
    ['收入金额(+元)', 'in_minor'],
    ['支出笔数', 'out_count'],
    ['支出金额(-元)', 'out_minor'],
  ],
};

type Column = readonly [head: string, total: string];

/** Expenses are printed with a minus by some files and without by others. */
const UNSIGNED = new Set(['in_minor', 'out_minor']);

/** The line of all shops, or of all kinds of business. */
const ALL = '合计';

export interface SummaryFigures {
  readonly totals: StatementTotals;
  /** What the file does not name, so that it cannot be compared: the columns' names. */
  readonly missing: readonly string[];
}

/**
 * The figures of a summary file: its line of all, or the sum of its lines.
 * @throws AppError `statement_summary_missing` for figures that cannot be read
 */
export function readSummaryFile(bytes: Buffer, kind: StatementContentKind): SummaryFigures {
  const rows = new TextDecoder('gb18030')
    .decode(bytes)
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#') && line.trim() !== '')
    .map((line) => line.split(',').map((cell) => cell.trim()));
  const heads = rows[0]?.map(normalise) ?? [];
  const body = rows.slice(1);
  const all = body.find((row) => row[0] === ALL);
  const counted = all === undefined ? body : [all];
  const named = COLUMNS[kind].filter(([head]) => heads.includes(head));
  return {
    totals: Object.fromEntries(
      named.map(([head, total]) => [
        total,
        counted.reduce((sum, row) => sum + figure(total, row[heads.indexOf(head)] ?? ''), 0n),
      ]),
    ),
    missing: COLUMNS[kind].filter((column) => !named.includes(column)).map(([head]) => head),
  };
}

function figure(total: string, text: string): bigint {
  if (!total.endsWith('_minor')) {
    if (!/^[0-9]{1,15}$/.test(text)) throw unreadable(text);
    return BigInt(text);
  }
  try {
    const minor = readYuan(text);
    return UNSIGNED.has(total) && minor < 0n ? -minor : minor;
  } catch (error) {
    throw unreadable(text, error);
  }
}

function unreadable(text: string, cause?: unknown): AppError {
  return new AppError('statement_summary_missing', { figure: text.slice(0, 40) }, { cause });
}
