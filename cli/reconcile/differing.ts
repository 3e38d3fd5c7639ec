/** What does not agree of a line and the refund that it names, key by key, with both sides. */
import type { BreakRow } from './rows.ts';

/** `ours` is the list, `theirs` the statement. */
export interface Differing {
  readonly key: string;
  readonly ours: string;
  readonly theirs: string;
}

/** Empty where a side is missing, or where only the days contradict each other. */
export function differing({ listed, line, detail }: BreakRow): readonly Differing[] {
  if (listed === null || line === null || detail['adjustment'] !== undefined) return differingNumbers(detail);
  const state = listed.state ?? 'processing';
  const printed = detail['line_status'];
  return [
    ...differingNumbers(detail),
    ...differs('amount_minor', listed.amountMinor.toString(), line.amountMinor.toString()),
    ...differs('currency', listed.currency, line.currency),
    ...(typeof printed === 'string' ? differs('state', state, printed) : []),
  ];
}

/** The numbers that matching found to contradict each other. */
export function differingNumbers(detail: BreakRow['detail']): readonly Differing[] {
  const numbers = (detail['numbers'] ?? {}) as Readonly<Record<string, { ours: string; theirs: string }>>;
  return Object.entries(numbers).map(([key, { ours, theirs }]) => ({ key, ours, theirs }));
}

function differs(key: string, ours: string, theirs: string): readonly Differing[] {
  return ours === theirs ? [] : [{ key, ours, theirs }];
}
