/** A receipt's page is kept as long as it would be written the same again, and not a moment longer. */
import { describe, expect, test } from 'vitest';
import { keptPages } from '../../api/kept-pages.ts';
import { receiptOf } from '../../domain/receipt/receipt.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import type { Evidence } from '../../store/receipt-evidence.ts';
import { factsOf, NOW } from '../domain/receipt/receipt-facts.ts';

const PROMISE = new Date('2026-11-28T00:00:00+08:00');
const SEEN: Observation = {
  ...{ kind: 'channel_report', source: 'query', ref: 'q1', at: '2026-11-25T10:00:00+08:00' },
  ...{ status: 'processing' },
};

/** Read anew each time, as a database gives it: never the same objects twice. */
function evidence(change: Partial<Refund> = {}, observations: readonly Observation[] = []): Evidence {
  return structuredClone({ refund: factsOf(change).refund, observations });
}

/** Writes what the receipt says, and counts how often it had to. */
function desk(pagesMax?: number) {
  const pages = keptPages(pagesMax);
  let written = 0;
  const look = (name: string, of: Evidence, now: Date): string =>
    pages
      .of(name, of, now, () => {
        written += 1;
        return JSON.stringify(receiptOf({ ...factsOf(), ...of, now }));
      })
      .toString('utf8');
  return { look, written: () => written };
}

describe('a page of a receipt', () => {
  test('is written once for as many looks as there are at the same evidence', () => {
    const { look, written } = desk();

    const pages = [1, 2, 3].map((minutes) =>
      look('zh/a', evidence(), new Date(NOW.getTime() + minutes * 60_000)),
    );

    expect(new Set(pages).size).toBe(1);
    expect(written()).toBe(1);
  });

  test.each([
    ['its refund has changed', evidence({ landsIn: '招商银行信用卡0404' })],
    ['its amount has changed', evidence({ amountMinor: 12_801n })],
    ['something was observed', evidence({}, [SEEN])],
  ])('is written anew when %s', (_, changed) => {
    const { look, written } = desk();

    look('zh/a', evidence(), NOW);
    look('zh/a', changed, NOW);

    expect(written()).toBe(2);
  });

  test('says that it is late from the first millisecond after the promise', () => {
    const { look } = desk();
    const isLate = (now: Date): unknown =>
      (JSON.parse(look('zh/a', evidence(), now)) as { state: { late: boolean } }).state.late;

    expect(isLate(NOW)).toBe(false);
    expect(isLate(PROMISE)).toBe(false);
    expect(isLate(new Date(PROMISE.getTime() + 1))).toBe(true);
  });

  test('takes in what is dated later than its clock as soon as that time has come', () => {
    const { look } = desk();
    const asOf = (now: Date): unknown =>
      (JSON.parse(look('zh/a', evidence({}, [SEEN]), now)) as { as_of: { at: string } }).as_of.at;
    const before = asOf(NOW);

    expect(asOf(new Date(Date.parse(SEEN.at) - 1))).toBe(before);
    expect(asOf(new Date(SEEN.at))).not.toBe(before);
  });

  test('is never that of another link or in the other language', () => {
    const { look, written } = desk();

    for (const name of ['zh/a', 'en/a', 'zh/b']) look(name, evidence(), NOW);

    expect(written()).toBe(3);
  });

  test('goes first when nobody has looked at it for the longest time', () => {
    const { look, written } = desk(2);

    for (const name of ['a', 'b', 'a', 'c', 'a']) look(name, evidence(), NOW);
    expect(written()).toBe(3);

    look('b', evidence(), NOW);
    expect(written()).toBe(4);
  });
});
