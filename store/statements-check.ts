/** What must hold of a file before any of its lines is kept. */
import { AppError, invariant } from '../domain/errors.ts';
import { contentKindOf } from '../domain/statement/statement.ts';
import type { StatementKind, StatementSummary, StatementTotals } from '../domain/statement/statement.ts';
import { addDays } from '../domain/time/plain-date.ts';
import type { Loaded } from './statements-load.ts';

export interface Expected {
  readonly kind: StatementKind | null;
  readonly billDate: string | null;
  readonly expectHash: { readonly algorithm: 'sha1' | 'sha256'; readonly hex: string } | null;
  readonly expectMerchantNo: string | null;
}

/**
 * Whether the bytes are the ones announced, the file is ours and of that day, and its sums are its own.
 * @throws AppError `statement_hash_differs`, `statement_unrecognised`, `statement_account_differs`,
 *   `statement_totals_differ`
 */
export function checkLoaded(
  expected: Expected,
  loaded: Loaded,
  digests: { readonly sha256: string; readonly sha1: string | null },
): void {
  const { summary } = loaded;
  checkHash(expected, digests);
  if (expected.kind !== null && summary.kind !== contentKindOf(expected.kind)) {
    throw new AppError('statement_unrecognised', { expected: expected.kind, found: summary.kind });
  }
  checkOwner(expected, summary);
  if (!summary.totals.agree) {
    throw new AppError('statement_totals_differ', {
      declared: totalsText(summary.totals.declared),
      computed: totalsText(summary.totals.computed),
    });
  }
  invariant(
    loaded.copied + summary.quarantinedCount === summary.lines,
    `every row of the statement is loaded or kept aside (${String(loaded.copied)} + ${String(summary.quarantinedCount)} of ${String(summary.lines)})`,
  );
}

function checkHash(
  expected: Expected,
  digests: { readonly sha256: string; readonly sha1: string | null },
): void {
  if (expected.expectHash === null) return;
  const { algorithm, hex } = expected.expectHash;
  const computed = digests[algorithm];
  if (computed !== hex.toLowerCase()) {
    throw new AppError('statement_hash_differs', { algorithm, declared: hex, computed });
  }
}

/**
 * A statement names its merchant and its day in every line. The channel dates lines by its own clock, so the days
 * beside the bill date are let pass, but a file without a single line of its own day is another day's file.
 */
function checkOwner(expected: Expected, summary: StatementSummary): void {
  const strangers = summary.merchantNos.filter((one) => one !== expected.expectMerchantNo);
  if (expected.expectMerchantNo !== null && strangers.length > 0) {
    throw new AppError('statement_account_differs', {
      expected: expected.expectMerchantNo,
      found: strangers.slice(0, 3).join(' '),
    });
  }
  const { firstDate, lastDate } = summary;
  if (expected.billDate === null || firstDate === null || lastDate === null) return;
  const day = expected.billDate;
  if (firstDate > day || lastDate < day || firstDate < addDays(day, -1) || lastDate > addDays(day, 1)) {
    throw new AppError('statement_account_differs', {
      expected: day,
      first_line: firstDate,
      last_line: lastDate,
    });
  }
}

function totalsText(totals: StatementTotals): string {
  return Object.entries(totals)
    .map(([name, value]) => `${name} ${value.toString()}`)
    .join(', ');
}

/** Totals as JSON: bigint as text. */
export function totalsJson(totals: StatementTotals): Record<string, string> {
  return Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, value.toString()]));
}

export function totalsFromJson(json: Readonly<Record<string, string>> | null): StatementTotals {
  return Object.fromEntries(Object.entries(json ?? {}).map(([name, value]) => [name, BigInt(value)]));
}
