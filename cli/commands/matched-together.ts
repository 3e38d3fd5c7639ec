/** A match of one to many, as a line for people. */
import { formatYuan } from '../../domain/money.ts';
import type { MatchedTogether } from '../../store/matched-together.ts';

export function togetherText(match: MatchedTogether): string {
  const { lines, refunds, remainderMinor: over, remainderCode, code, approvalId } = match;
  const rest = over === 0n ? '' : `, ${formatYuan(over)} over: ${remainderCode ?? ''}`;
  const line = lines.map(
    (one) => `${one.fileId}:${String(one.lineNo)} ${formatYuan(one.amountMinor)} (break ${one.breakId})`,
  );
  const refund = refunds.map((one) => `${one.refundNo} ${formatYuan(one.amountMinor)}`);
  return `${line.join(' + ')} = ${refund.join(' + ')}${rest}; ${code}, request ${approvalId}`;
}
