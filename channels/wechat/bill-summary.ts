/** The last two rows of a bill, names and figures, and whether they agree with what was added up on the way. */
import { AppError } from '../../domain/errors.ts';
import { parseYuan } from '../../domain/money.ts';
import type { StatementTotals } from '../../domain/statement/statement.ts';
import type { BillLayout } from './bill-layout.ts';
import { ABSENT, normaliseName } from './bill-layout.ts';

/** How a figure is written: a count (`45.0`), yuan, or a fee in yuan with up to five decimals. */
type Measure = 'count' | 'yuan' | 'fee';

interface TotalName {
  readonly key: string;
  readonly measure: Measure;
}

type Totals = ReadonlyMap<string, TotalName>;

const TRADE_TOTALS: Totals = new Map([
  ['总交易单数', { key: 'orders', measure: 'count' }],
  ['应结订单总金额', { key: 'settlement_minor', measure: 'yuan' }],
  ['总交易额', { key: 'settlement_minor', measure: 'yuan' }],
  ['退款总金额', { key: 'refund_minor', measure: 'yuan' }],
  ['总退款金额', { key: 'refund_minor', measure: 'yuan' }],
  ['充值券退款总金额', { key: 'coupon_refund_minor', measure: 'yuan' }],
  ['总代金券或立减优惠退款金额', { key: 'coupon_refund_minor', measure: 'yuan' }],
  ['手续费总金额', { key: 'fee_e5', measure: 'fee' }],
  ['订单总金额', { key: 'order_minor', measure: 'yuan' }],
  ['申请退款总金额', { key: 'applied_refund_minor', measure: 'yuan' }],
]);

const FUND_FLOW_TOTALS: Totals = new Map([
  ['资金流水总笔数', { key: 'movements', measure: 'count' }],
  ['收入笔数', { key: 'in_count', measure: 'count' }],
  ['收入金额', { key: 'in_minor', measure: 'yuan' }],
  ['支出笔数', { key: 'out_count', measure: 'count' }],
  ['支出金额', { key: 'out_minor', measure: 'yuan' }],
]);

const FEE_DECIMALS = 5;
const YUAN_DECIMALS = 2;
const COUNT = /^[0-9]{1,15}(?:\.0+)?$/;

export interface Summary {
  readonly declared: StatementTotals;
  /** By how much each figure may differ from the sum: fees are printed rounded. */
  readonly slack: StatementTotals;
}

/** Whether a line without a leading backtick is the names of the summary of such a bill. */
export function isSummaryHeader(layout: BillLayout, line: string): boolean {
  const known = totalsOf(layout);
  return line.split(',').some((name) => known.has(normaliseName(name)));
}

/** @throws AppError `statement_summary_missing` when figures and names do not belong together, or one is missing or twice */
export function readSummary(layout: BillLayout, names: string, figures: string): Summary {
  const heads = headsOf(layout, names);
  const cells = cellsOf(figures);
  if (heads.length !== cells.length)
    throw new AppError('statement_summary_missing', { names: heads.length, figures: cells.length });
  const declared: Record<string, bigint> = {};
  const slack: Record<string, bigint> = {};
  for (const [index, total] of heads.entries()) {
    // A total that we do not know is a new one of the channel: nothing to compare it with.
    if (total === undefined) continue;
    if (total.key in declared) throw new AppError('statement_summary_missing', { total_twice: total.key });
    const figure = readFigure(cells[index] ?? '', total.measure);
    declared[total.key] = figure.value;
    slack[total.key] = figure.slack;
  }
  const missing = needed(layout).filter((key) => !(key in declared));
  if (missing.length > 0)
    throw new AppError('statement_summary_missing', { missing_totals: missing.join(' ') });
  return { declared, slack };
}

/**
 * Whether the last figure is printed with all of its decimals. Where the line has no end, `5.0` may be what is left of
 * `5.07`, or of `5.00`: nobody can tell, though here both would add up.
 */
export function endsInFull(layout: BillLayout, names: string, figures: string): boolean {
  const measure = headsOf(layout, names).at(-1)?.measure;
  if (measure === undefined || measure === 'count') return false;
  const decimals = cellsOf(figures).at(-1)?.split('.')[1]?.length;
  return decimals === (measure === 'yuan' ? YUAN_DECIMALS : FEE_DECIMALS);
}

function totalsOf(layout: BillLayout): Totals {
  return layout.kind === 'trade' ? TRADE_TOTALS : FUND_FLOW_TOTALS;
}

/** Without these a bill could have lost rows, or money, unnoticed. A bill of payments only need not sum up refunds. */
function needed(layout: BillLayout): readonly string[] {
  if (layout.kind === 'fund_flow') return ['movements', 'in_minor', 'out_minor'];
  return layout.at.refund === ABSENT
    ? ['orders', 'settlement_minor']
    : ['orders', 'settlement_minor', 'refund_minor'];
}

function headsOf(layout: BillLayout, names: string): readonly (TotalName | undefined)[] {
  const known = totalsOf(layout);
  return names.split(',').map((name) => known.get(normaliseName(name)));
}

function cellsOf(figures: string): readonly string[] {
  return figures.split(',').map((cell) => cell.trim().replace(/^`/, ''));
}

function readFigure(text: string, measure: Measure): { value: bigint; slack: bigint } {
  try {
    if (measure === 'yuan') return { value: parseYuan(text), slack: 0n };
    if (measure === 'count') return { value: readCount(text), slack: 0n };
    return readFee(text);
  } catch (error) {
    throw new AppError('statement_summary_missing', { figure: text.slice(0, 40) }, { cause: error });
  }
}

function readCount(text: string): bigint {
  if (!COUNT.test(text)) throw new AppError('amount_invalid', { amount: text.slice(0, 40) });
  return BigInt(text.replace(/\..*/, ''));
}

/** A fee of `0.08` stands for any sum that rounds to it: half of its last decimal either way. */
function readFee(text: string): { value: bigint; slack: bigint } {
  const parts = /^(-?)([0-9]{1,12})(?:\.([0-9]{1,5}))?$/.exec(text);
  if (parts === null) throw new AppError('amount_invalid', { amount: text.slice(0, 40) });
  const [, sign, whole = '0', fraction = ''] = parts;
  const value = BigInt(whole + fraction.padEnd(FEE_DECIMALS, '0'));
  const unit = 10n ** BigInt(FEE_DECIMALS - fraction.length);
  return { value: sign === '-' ? -value : value, slack: unit / 2n };
}

/**
 * Every declared figure that we also computed is equal, fees at the precision they are printed with. Where an amount of
 * a row set aside could not be read (`unread`), what is missing may be that row's, but never less than nothing.
 */
export function totalsAgree(
  summary: Summary,
  computed: StatementTotals,
  unread: ReadonlySet<string>,
): boolean {
  return Object.entries(summary.declared).every(([key, value]) => {
    const own = computed[key];
    if (own === undefined) return true;
    const missing = value - own;
    const slack = summary.slack[key] ?? 0n;
    // Fees have either sign; everything else that is added up is positive.
    if (unread.has(key)) return key === 'fee_e5' || missing >= -slack;
    return missing <= slack && missing >= -slack;
  });
}
