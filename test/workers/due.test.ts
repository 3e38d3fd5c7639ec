import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays, beijingDateOf, beijingInstant } from '../../domain/time/plain-date.ts';
import { RECHECK_AFTER_DAYS, dueStatements, sweepSlot } from '../../workers/scheduler/due.ts';
import type { StatementRun } from '../../workers/scheduler/due.ts';

const HOUR_MS = 3_600_000;
const ACCOUNTS = [
  { id: 'wx', kinds: ['trade', 'fund_flow'], readyAfterMs: 10 * HOUR_MS },
  { id: 'up', kinds: ['trade'], readyAfterMs: 9 * HOUR_MS },
] as const;

function due(now: string | Date, lookBackDays = 7): readonly StatementRun[] {
  return dueStatements({ now: new Date(now), lookBackDays, accounts: ACCOUNTS });
}

function key(run: StatementRun): string {
  return [run.accountId, run.kind, run.billDate, run.recheck].join('/');
}

describe('the statements that should have been asked for', () => {
  test('are those of yesterday from the hour on at which the channel has made them', () => {
    const yesterday = (now: string): string[] =>
      due(now)
        .filter((run) => run.billDate === '2026-11-23')
        .map(key);

    expect(yesterday('2026-11-24T08:59:59+08:00')).toEqual([]);
    expect(yesterday('2026-11-24T09:00:00+08:00')).toEqual(['up/trade/2026-11-23/0']);
    expect(yesterday('2026-11-24T10:00:00+08:00')).toEqual([
      'wx/trade/2026-11-23/0',
      'wx/fund_flow/2026-11-23/0',
      'up/trade/2026-11-23/0',
    ]);
  });

  test('F61: the day is Beijing’s, whatever the host’s', () => {
    expect(due('2026-11-23T23:30:00Z').some((run) => run.billDate === '2026-11-23')).toBe(false);
    expect(due('2026-11-24T02:00:00Z').some((run) => run.billDate === '2026-11-23')).toBe(true);
  });

  test('F46: are looked at again days later, for a delivery that was issued anew', () => {
    const again = due('2026-11-24T12:00:00+08:00').filter((run) => run.recheck > 0);

    expect(again.length).toBeGreaterThan(0);
    for (const run of again) expect(RECHECK_AFTER_DAYS).toContain(run.recheck);
  });

  test('never name a day that is not over, name nothing twice, and stay within the look back', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2024-01-01'), max: new Date('2027-12-31'), noInvalidDate: true }),
        fc.integer({ min: 1, max: 30 }),
        (now, lookBackDays) => {
          const runs = due(now, lookBackDays);
          const today = beijingDateOf(now);

          expect(new Set(runs.map(key)).size).toBe(runs.length);
          for (const run of runs) {
            expect(run.billDate < today).toBe(true);
            expect(run.billDate >= addDays(today, -lookBackDays - Math.max(...RECHECK_AFTER_DAYS))).toBe(
              true,
            );
          }
        },
      ),
    );
  });

  test('are none of a day before the account became known; of that day itself they are', () => {
    const now = new Date('2026-11-24T12:00:00+08:00');
    const accounts = ACCOUNTS.map((one) => (one.id === 'wx' ? { ...one, since: '2026-11-22' } : one));

    const days = (id: string): string[] =>
      dueStatements({ now, lookBackDays: 7, accounts })
        .filter((run) => run.accountId === id && run.kind === 'trade' && run.recheck === 0)
        .map((run) => run.billDate);

    expect(days('wx')).toEqual(['2026-11-22', '2026-11-23']);
    expect(days('up')).toHaveLength(7);
  });

  test('a look that was missed is made up for by the next one within the look back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 * 24 }), (missedHours) => {
        const at = beijingInstant('2026-11-24', '10:00:00');
        const late = new Date(at.getTime() + missedHours * HOUR_MS);

        const atOnce = due(at)
          .filter((run) => run.billDate === '2026-11-23')
          .map(key);

        expect(due(late).map(key)).toEqual(expect.arrayContaining(atOnce));
      }),
    );
  });
});

test('the sweep’s slot is the hour, so that every replica names the same one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_599_999 }), (within) => {
      const slot = new Date('2026-11-24T02:00:00Z').getTime();

      expect(sweepSlot(new Date(slot + within))).toBe('2026-11-24T02:00:00.000Z');
    }),
  );
});
