/** UnionPay's printed report (RD file, GBK): tables for the eye, of which the line of totals is read. */
import { parseYuan } from '../../domain/money.ts';
import type { StatementTotals } from '../../domain/statement/statement.ts';

const TOTAL = '总计';
/** Count, then debit and credit of amount, fee and net. */
const FIGURES = 7;

/**
 * The first line of totals: count, gross, fee and net, each as credit less debit from the merchant's side (a fee is what
 * it pays). Null where the report has no such line.
 */
export function readPrintedReport(bytes: Buffer): StatementTotals | null {
  const text = new TextDecoder('gb18030').decode(bytes);
  const line = text.split(/\r?\n/).find((one) => one.trimStart().startsWith(TOTAL));
  const cells = line?.trim().split(/\s+/).slice(1);
  if (cells?.length !== FIGURES || !cells.every((cell) => /^[0-9]+(\.[0-9]{2})?$/.test(cell))) return null;
  const [count = '0', ...amounts] = cells;
  const [debit = 0n, credit = 0n, feeDebit = 0n, feeCredit = 0n, netDebit = 0n, netCredit = 0n] = amounts.map(
    (cell) => parseYuan(cell),
  );
  return {
    orders: BigInt(count),
    gross_minor: credit - debit,
    fee_minor: feeDebit - feeCredit,
    net_minor: netCredit - netDebit,
  };
}
