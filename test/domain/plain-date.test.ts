import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDays,
  beijingDateOf,
  beijingInstant,
  daysBetween,
  parsePlainDate,
  readBeijingTime,
  weekdayOf,
} from '../../domain/time/plain-date.ts';
import { appError } from './expectations.ts';

const anyDate = fc
  .integer({ min: 0, max: 100_000 })
  .map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10));

describe('a time that a channel writes', () => {
  test.each([
    ['2026-11-24 10:30:01', '2026-11-24T02:30:01.000Z'],
    ['2026-11-24 00:00:00.123', '2026-11-23T16:00:00.000Z'],
    ['2028-02-29 23:59:59', '2028-02-29T15:59:59.000Z'],
  ])('F60 %s is an instant', (text, instant) => {
    expect(readBeijingTime(text)?.toISOString()).toBe(instant);
  });

  test.each([
    ...['2026-02-29 10:00:00', '2026-02-30 10:00:00', '2026-04-31 10:00:00', '2026-13-01 10:00:00'],
    ...['2026-11-24 24:00:00', '2026-11-24 10:60:00', '2026-11-24 10:00:60', '2026-11-24T10:00:00'],
    ...['2026-11-24 10:00', '2026-11-24', '24.11.2026 10:00:00', ''],
  ])('F60 "%s" is none: it is not taken for a time beside it', (text) => {
    expect(readBeijingTime(text)).toBeNull();
  });
});

describe('the Beijing date of an instant', () => {
  test.each([
    ['2026-11-23T15:59:59.999Z', '2026-11-23'],
    ['2026-11-23T16:00:00.000Z', '2026-11-24'],
    ['2026-12-31T15:59:59.999Z', '2026-12-31'],
    ['2026-12-31T16:00:00.000Z', '2027-01-01'],
    ['2024-02-28T16:00:00.000Z', '2024-02-29'],
    ['2024-02-29T16:00:00.000Z', '2024-03-01'],
    ['1970-01-01T00:00:00.000Z', '1970-01-01'],
  ])('F60 %s is %s in Beijing', (instant, date) => {
    expect(beijingDateOf(new Date(instant))).toBe(date);
  });

  test('has no daylight saving: noon in Beijing is 04:00 UTC on every day', () => {
    fc.assert(
      fc.property(anyDate, (date) => {
        expect(beijingInstant(date, '12:00:00').toISOString()).toBe(`${date}T04:00:00.000Z`);
      }),
    );
  });

  test('is the date that the instant was made of, at every second of the day', () => {
    fc.assert(
      fc.property(anyDate, fc.integer({ min: 0, max: 86_399 }), (date, second) => {
        const time = new Date(second * 1000).toISOString().slice(11, 19);

        expect(beijingDateOf(beijingInstant(date, time))).toBe(date);
      }),
    );
  });

  test('midnight opens the day: one millisecond before is the day before', () => {
    fc.assert(
      fc.property(anyDate, (date) => {
        const midnight = beijingInstant(addDays(date, 1)).getTime();

        expect(beijingDateOf(new Date(midnight))).toBe(addDays(date, 1));
        expect(beijingDateOf(new Date(midnight - 1))).toBe(date);
      }),
    );
  });
});

describe('day arithmetic', () => {
  test('going forth and back comes home, and the distance is what was walked', () => {
    fc.assert(
      fc.property(anyDate, fc.integer({ min: 0, max: 5000 }), (date, days) => {
        const later = addDays(date, days);

        expect(addDays(later, -days)).toBe(date);
        expect(daysBetween(date, later)).toBe(days);
        expect(daysBetween(later, date) + days).toBe(0);
      }),
    );
  });

  test('texts sort as the days do', () => {
    fc.assert(
      fc.property(anyDate, anyDate, (one, other) => {
        expect(one < other).toBe(daysBetween(one, other) > 0);
      }),
    );
  });

  test.each([
    ['1970-01-01', 4],
    ['2024-02-29', 4],
    ['2026-11-21', 6],
    ['2026-11-22', 0],
    ['2026-11-23', 1],
  ])('%s is weekday %i', (date, weekday) => {
    expect(weekdayOf(date)).toBe(weekday);
  });

  test('weekdays go round in seven days', () => {
    fc.assert(
      fc.property(anyDate, (date) => {
        expect(weekdayOf(addDays(date, 1))).toBe((weekdayOf(date) + 1) % 7);
        expect(weekdayOf(addDays(date, 7))).toBe(weekdayOf(date));
      }),
    );
  });
});

describe('a text that is no day', () => {
  test.each([
    '',
    '2025-02-29',
    '2026-02-30',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '2026-1-1',
    '26-01-01',
    '20260101',
    '2026/01/01',
    '2026-01-01T00:00:00Z',
    ' 2026-01-01',
    '2026-01-01\n',
    '２０２６-01-01',
    '1969-12-31',
    '0099-01-01',
    'tomorrow',
  ])('%j is refused', (text) => {
    expect(() => parsePlainDate(text)).toThrow(appError('date_invalid'));
    expect(() => addDays(text, 1)).toThrow(appError('date_invalid'));
    expect(() => weekdayOf(text)).toThrow(appError('date_invalid'));
    expect(() => beijingInstant(text)).toThrow(appError('date_invalid'));
  });

  test('every real day is accepted and returned as it is', () => {
    fc.assert(
      fc.property(anyDate, (date) => {
        expect(parsePlainDate(date)).toBe(date);
      }),
    );
  });

  test.each(['24:00:00', '23:60:00', '23:59:60', '9:00:00', '09:00', '', '09:00:00Z', '-1:00:00'])(
    'time %j is refused',
    (time) => {
      expect(() => beijingInstant('2026-11-24', time)).toThrow(appError('date_invalid'));
    },
  );
});
