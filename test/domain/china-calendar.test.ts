/** The data is compared with the second reading of the notices in published-days.ts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BUSINESS_DAYS_MAX,
  businessCalendar,
  certainDays,
  chinaCalendar,
} from '../../domain/time/china-calendar.ts';
import { CHINA_HOLIDAYS } from '../../domain/time/china-holidays.ts';
import { addDays, daysBetween, weekdayOf } from '../../domain/time/plain-date.ts';
import { appError } from './expectations.ts';
import { isWeekday, PUBLISHED } from './published-days.ts';

describe.each(PUBLISHED)('F62 the year $year', ({ year, weekdaysOff, weekendsWorked, businessDays }) => {
  const days = daysOfYear(year);

  test('has exactly the weekdays off and the worked weekend days of the notice', () => {
    const off = days.filter((day) => isWeekday(day) && !chinaCalendar.isBusinessDay(day));
    const worked = days.filter((day) => !isWeekday(day) && chinaCalendar.isBusinessDay(day));

    expect(off.map((day) => day.slice(5)).join(' ')).toBe(weekdaysOff);
    expect(worked.map((day) => day.slice(5)).join(' ')).toBe(weekendsWorked);
  });

  test(`has ${String(businessDays)} business days`, () => {
    expect(days.filter((day) => chinaCalendar.isBusinessDay(day))).toHaveLength(businessDays);
    expect(
      chinaCalendar.businessDaysBetween(addDays(`${String(year)}-01-01`, -1), `${String(year)}-12-31`),
    ).toBe(businessDays);
  });

  test('is certain up to 27 December', () => {
    const before = days.filter((day) => day <= `${String(year)}-12-27`);

    expect(before.filter((day) => chinaCalendar.isProvisional(day))).toEqual([]);
  });
});

describe('the data itself', () => {
  test('names a source and a date before the year for each notice', () => {
    for (const notice of CHINA_HOLIDAYS.notices) {
      expect(notice.source).toContain(`国务院办公厅关于${String(notice.year)}年部分节假日安排的通知`);
      expect(notice.issuedOn < `${String(notice.year)}-01-01`).toBe(true);
    }
  });

  test('has ranges that run forward, days that are real, and make-up days on weekends outside every holiday', () => {
    for (const notice of CHINA_HOLIDAYS.notices) {
      for (const [from, to] of notice.holidays) expect(daysBetween(from, to)).toBeGreaterThanOrEqual(0);
      for (const day of notice.makeUpDays) {
        expect([0, 6]).toContain(weekdayOf(day));
        expect(notice.holidays.some(([from, to]) => from <= day && day <= to)).toBe(false);
      }
    }
  });

  test('has a revision that says which years it covers', () => {
    const years = CHINA_HOLIDAYS.notices.map((notice) => notice.year);

    expect(chinaCalendar.revision).toContain(`${String(Math.min(...years))}-${String(Math.max(...years))}`);
  });
});

describe('a year without a notice', () => {
  test('F62 2027 is provisional and counts Monday to Friday, New Year included', () => {
    expect(chinaCalendar.isProvisional('2027-01-01')).toBe(true);
    expect(chinaCalendar.isBusinessDay('2027-01-01')).toBe(true);
    expect(chinaCalendar.isBusinessDay('2027-01-02')).toBe(false);
    expect(daysOfYear(2027).every((day) => chinaCalendar.isBusinessDay(day) === isWeekday(day))).toBe(true);
  });

  test('the last days of December wait for the next notice, which can still move them', () => {
    expect(chinaCalendar.isProvisional('2026-12-27')).toBe(false);
    expect(chinaCalendar.isProvisional('2026-12-28')).toBe(true);
    expect(chinaCalendar.isProvisional('2025-12-31')).toBe(false);
  });

  test('the certain days are those from the first to the last that is not provisional', () => {
    const { from, to } = certainDays(CHINA_HOLIDAYS);
    const days = Array.from({ length: daysBetween('2023-12-01', '2027-02-01') }, (_, index) =>
      addDays('2023-12-01', index),
    );

    expect(days.filter((day) => !chinaCalendar.isProvisional(day))).toEqual(
      days.filter((day) => from <= day && day <= to),
    );
  });

  test('years before the first notice are provisional, too', () => {
    expect(chinaCalendar.isProvisional('2023-12-31')).toBe(true);
    expect(chinaCalendar.isProvisional('2024-01-01')).toBe(false);
  });

  test('marks a count that reaches into it, and only such a count', () => {
    expect(chinaCalendar.addBusinessDays('2026-12-22', 3)).toEqual({
      date: '2026-12-25',
      provisional: false,
    });
    expect(chinaCalendar.addBusinessDays('2026-12-30', 3)).toEqual({ date: '2027-01-04', provisional: true });
  });

  test('becomes certain when its notice is added, and a notice can reach back into December', () => {
    const later = businessCalendar({
      revision: 'later',
      notices: [
        ...CHINA_HOLIDAYS.notices,
        {
          year: 2027,
          source: 'made up for this test',
          issuedOn: '2026-11-30',
          holidays: [['2026-12-31', '2027-01-02']],
          makeUpDays: ['2027-01-03'],
        },
      ],
    });

    expect(later.isProvisional('2026-12-31')).toBe(false);
    expect(later.isBusinessDay('2026-12-31')).toBe(false);
    expect(later.addBusinessDays('2026-12-30', 3)).toEqual({ date: '2027-01-05', provisional: false });
    expect(later.revision).not.toBe(chinaCalendar.revision);
  });
});

describe('counting business days', () => {
  test.each([
    // Spring Festival 2026: off from 15 to 23 February, worked on Saturday the 14th and Saturday the 28th.
    ['the eve of Spring Festival', '2026-02-13', 1, '2026-02-14'],
    ['over the whole of Spring Festival', '2026-02-14', 1, '2026-02-24'],
    ['to the make-up Saturday after it', '2026-02-14', 5, '2026-02-28'],
    ['from inside the holiday', '2026-02-18', 3, '2026-02-26'],
    // New Year 2026: worked on Sunday 4 January.
    ['to a make-up Sunday', '2025-12-31', 1, '2026-01-04'],
    ['from a Saturday', '2026-11-21', 1, '2026-11-23'],
    ['from a Friday over a plain weekend', '2026-11-20', 1, '2026-11-23'],
    ['over National Day 2025', '2025-09-30', 3, '2025-10-11'],
    ['nowhere', '2026-02-18', 0, '2026-02-18'],
  ])('F62 %s', (_name, from, count, to) => {
    expect(chinaCalendar.addBusinessDays(from, count).date).toBe(to);
  });

  const anyDay = fc.integer({ min: 0, max: 1000 }).map((days) => addDays('2024-01-01', days));
  const anyCount = fc.integer({ min: 1, max: 30 });

  test('ends on a business day, and the count back is the count there', () => {
    fc.assert(
      fc.property(anyDay, anyCount, (day, count) => {
        const end = chinaCalendar.addBusinessDays(day, count).date;

        expect(chinaCalendar.isBusinessDay(end)).toBe(true);
        expect(chinaCalendar.businessDaysBetween(day, end)).toBe(count);
      }),
    );
  });

  test('is additive: two counts in a row are one count', () => {
    fc.assert(
      fc.property(anyDay, anyCount, anyCount, (day, one, other) => {
        const there = chinaCalendar.addBusinessDays(chinaCalendar.addBusinessDays(day, one).date, other);

        expect(there.date).toBe(chinaCalendar.addBusinessDays(day, one + other).date);
      }),
    );
  });

  test('between days is additive and never negative', () => {
    fc.assert(
      fc.property(anyDay, anyDay, anyDay, (...days) => {
        const [a, b, c] = days.sort();

        expect(chinaCalendar.businessDaysBetween(a, b) + chinaCalendar.businessDaysBetween(b, c)).toBe(
          chinaCalendar.businessDaysBetween(a, c),
        );
        expect(chinaCalendar.businessDaysBetween(c, a)).toBe(0);
      }),
    );
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, BUSINESS_DAYS_MAX + 1])(
    'refuses a count of %s',
    (count) => {
      expect(() => chinaCalendar.addBusinessDays('2026-11-24', count)).toThrow(appError('invariant_broken'));
    },
  );
});

function daysOfYear(year: number): string[] {
  const first = `${String(year)}-01-01`;
  const length = daysBetween(first, `${String(year + 1)}-01-01`);
  return Array.from({ length }, (_, index) => addDays(first, index));
}
