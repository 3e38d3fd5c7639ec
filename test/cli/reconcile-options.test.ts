import { beijingInstant } from '../../domain/time/plain-date.ts';
import { describe, expect, test } from 'vitest';
import { instantOf } from '../../cli/reconcile/options.ts';
import type { LoadedStatement } from '../../cli/reconcile/statements.ts';
import { Lateness } from '../../cli/reconcile/lateness.ts';

const NOW = new Date('2026-11-24T03:00:00Z');

function statementUntil(lastDate: string | null): LoadedStatement {
  const totals = { declared: {}, computed: {}, agree: true };
  return {
    ...{ fileId: '1', file: 'bill.csv', givenAgain: [], sha256: '' },
    summary: {
      ...{ kind: 'trade', variant: 'all', lines: 0, refundLines: 0, quarantined: [], quarantinedCount: 0 },
      ...{ currency: 'CNY', totals, merchantNos: [], firstDate: lastDate, lastDate },
    },
  };
}

describe('the instant of judgement', () => {
  test.each([
    ['the last moment of the day that was named', '2026-11-20', [], '2026-11-20T15:59:59.999Z'],
    ['that day also when statements reach further', '2026-11-20', ['2026-11-22'], '2026-11-20T15:59:59.999Z'],
    ['now', null, [], NOW.toISOString()],
    ['now for statements of the past', null, ['2019-02-19', '2026-11-23'], NOW.toISOString()],
    ['now for a statement without lines', null, [null], NOW.toISOString()],
    ['the end of today for a statement of today', null, ['2026-11-24'], '2026-11-24T15:59:59.999Z'],
    [
      'the end of the last day of statements to come',
      null,
      ['2026-12-02', '2026-12-01'],
      '2026-12-02T15:59:59.999Z',
    ],
  ])('is %s', (_, asOf, days, expected) => {
    expect(instantOf(asOf, days.map(statementUntil), NOW).toISOString()).toBe(expected);
  });
});

describe('lateness', () => {
  const window = (promiseAt: Date, provisional = false) => ({ promiseAt, alarmAt: promiseAt, provisional });

  test('is counted in business days from the last day that was in time', () => {
    // Friday 20 to Tuesday 24 November 2026.
    const lateness = new Lateness(new Date('2026-11-24T15:59:59.999Z'));

    expect(lateness.days(window(beijingInstant('2026-11-21')))).toBe(2);
    expect(lateness.days(window(beijingInstant('2026-11-25')))).toBe(0);
    expect(lateness.days(window(beijingInstant('2026-11-21')))).toBe(2);
  });

  test('is provisional when the window or the day of judgement is in a year without a calendar', () => {
    const published = new Lateness(new Date('2026-11-24T00:00:00Z'));
    const unpublished = new Lateness(new Date('2090-01-10T00:00:00Z'));

    expect(published.isProvisional(window(beijingInstant('2026-11-21')))).toBe(false);
    expect(published.isProvisional(window(beijingInstant('2026-11-21'), true))).toBe(true);
    expect(unpublished.isProvisional(window(beijingInstant('2026-11-21')))).toBe(true);
  });
});
