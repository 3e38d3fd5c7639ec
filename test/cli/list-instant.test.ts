import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readInstant } from '../../cli/reconcile/list-instant.ts';

describe('an instant of a refund list', () => {
  test.each([
    ['2026-11-20T10:00:00+08:00', '2026-11-20T02:00:00.000Z'],
    ['2026-11-20T10:00:00.5+08:00', '2026-11-20T02:00:00.500Z'],
    ['2026-11-20T10:00:00.123456789+08:00', '2026-11-20T02:00:00.123Z'],
    ['2026-11-20 10:00:00+08:00', '2026-11-20T02:00:00.000Z'],
    ['2026-11-20t02:00:00z', '2026-11-20T02:00:00.000Z'],
    ['2026-11-19T21:00:00-05:00', '2026-11-20T02:00:00.000Z'],
    ['2026-11-20T07:30:00+05:30', '2026-11-20T02:00:00.000Z'],
    ['2024-02-29T00:00:00+08:00', '2024-02-28T16:00:00.000Z'],
  ])('%s is %s', (text, iso) => {
    expect(new Date(readInstant(text) ?? Number.NaN).toISOString()).toBe(iso);
  });

  test.each([
    ...['', 'now', '2026-11-20', '2026-11-20T10:00:00', '2026-11-20T10:00+08:00', '20261120T100000Z'],
    ...['2026-02-29T10:00:00Z', '2026-13-01T10:00:00Z', '2026-11-31T10:00:00Z', '1999-12-31T23:59:59Z'],
    ...['2026-11-20T24:00:00Z', '2026-11-20T10:60:00Z', '2026-11-20T10:00:60Z', '2026-11-20T10:00:00+24:00'],
    ...['2026-11-20T10:00:00+0800', '2026-11-20T10:00:00 +08:00', '2026-11-20T10:00:00.+08:00'],
    ...[
      '２０２６-11-20T10:00:00Z',
      '+2026-11-20T10:00:00Z',
      '2026-11-20T10:00:00Zx',
      ' 2026-11-20T10:00:00Z',
    ],
  ])('%j is none: it is not a real time, or its offset would have to be guessed', (text) => {
    expect(readInstant(text)).toBeNull();
  });

  test('is what the platform reads, for every instant of the years in question', () => {
    const years = { min: new Date('2000-01-02T00:00:00Z'), max: new Date('2099-12-30T00:00:00Z') };

    fc.assert(
      fc.property(fc.date({ ...years, noInvalidDate: true }), (at) => {
        expect(readInstant(at.toISOString())).toBe(at.getTime());
      }),
    );
  });

  test('is the same in whatever offset it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 36_000 }), fc.integer({ min: -23, max: 23 }), (day, hours) => {
        const at = Date.UTC(2001, 0, 1, 12) + day * 86_400_000;
        const there = new Date(at + hours * 3_600_000).toISOString().slice(0, 19);
        const offset = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`;

        expect(readInstant(`${there}${offset}`)).toBe(at);
      }),
    );
  });
});
