/** Holiday notices that come from outside the code. The days of 2027 below are made up: no notice of it is known here. */
import { describe, expect, test } from 'vitest';
import { businessCalendar, certainDays } from '../../domain/time/china-calendar.ts';
import { CHINA_HOLIDAYS } from '../../domain/time/china-holidays.ts';
import type { ImportedNotice } from '../../domain/time/imported-notices.ts';
import { noticeFaults, withNotices } from '../../domain/time/imported-notices.ts';

const NOTICE_2027: ImportedNotice = {
  ...{ year: 2027, revision: 1, source: 'a made-up notice', issuedOn: '2026-11-20' },
  holidays: [
    ['2026-12-31', '2027-01-03'],
    ['2027-02-05', '2027-02-11'],
    ['2027-05-01', '2027-05-05'],
    ['2027-10-01', '2027-10-07'],
  ],
  makeUpDays: ['2027-02-13'],
};

const faultsOf = (change: Partial<ImportedNotice>): readonly string[] =>
  noticeFaults({ ...NOTICE_2027, ...change }, CHINA_HOLIDAYS);

describe('an imported notice', () => {
  test('makes its year certain, and names itself in the revision', () => {
    const data = withNotices(CHINA_HOLIDAYS, [NOTICE_2027]);
    const calendar = businessCalendar(data);

    expect(data.revision).toBe('cn-2024-2026.1+2027.1');
    expect(certainDays(data).to).toBe('2027-12-27');
    expect(calendar.isBusinessDay('2027-02-05')).toBe(false);
    expect(calendar.kindOf('2027-02-13')).toBe('make_up_day');
    expect(calendar.kindOf('2026-12-31')).toBe('holiday');
    expect(calendar.isProvisional('2026-12-31')).toBe(false);
    expect(withNotices(CHINA_HOLIDAYS, [])).toBe(CHINA_HOLIDAYS);
  });

  test('takes the place of what the code has of its year, and of that year only', () => {
    const changed: ImportedNotice = {
      ...{ ...NOTICE_2027, year: 2026, revision: 2 },
      holidays: [['2026-01-01', '2026-01-01']],
      makeUpDays: [],
    };
    const calendar = businessCalendar(withNotices(CHINA_HOLIDAYS, [NOTICE_2027, changed]));

    expect(calendar.revision).toBe('cn-2024-2026.1+2026.2+2027.1');
    expect(calendar.isBusinessDay('2026-02-16')).toBe(true);
    expect(calendar.isBusinessDay('2025-10-01')).toBe(false);
  });

  test('is good when it says what notices say', () => {
    expect(faultsOf({})).toEqual([]);
    for (const { year, ...notice } of CHINA_HOLIDAYS.notices)
      expect(noticeFaults({ ...notice, year, revision: 1 }, CHINA_HOLIDAYS), String(year)).toEqual([]);
  });

  test.each<[string, Partial<ImportedNotice>, string]>([
    ['a year after a gap', { year: 2029 }, 'year: must be 2024 to 2027: there may be no gap'],
    ['no source', { source: ' ' }, 'source: 1 to 200 characters'],
    ['a revision of nothing', { revision: 0 }, 'revision: must be a whole number from 1 to 999'],
    ['a day that is none', { issuedOn: '2026-02-30' }, 'issued_on: "2026-02-30" is no day'],
    [
      'days off of another year',
      { holidays: [...NOTICE_2027.holidays, ['2028-01-01', '2028-01-02']] },
      'holidays.4: "2028-01-01" to "2028-01-02": both must be days of 2027',
    ],
    [
      'days off that end before they begin',
      { holidays: [...NOTICE_2027.holidays, ['2027-06-09', '2027-06-08']] },
      'holidays.4: 2027-06-09 to 2027-06-08: must be 1 to 15 days',
    ],
    [
      'a day off twice',
      { holidays: [...NOTICE_2027.holidays, ['2027-10-07', '2027-10-08']] },
      'holidays.4: 2027-10-07 is a day off already',
    ],
    [
      'no National Day',
      { holidays: NOTICE_2027.holidays.slice(0, 3) },
      'holidays: 2027-10-01 is a day off in every year',
    ],
    [
      'work made up for on a weekday',
      { makeUpDays: ['2027-02-15'] },
      'make_up_days.0: 2027-02-15 is no Saturday or Sunday',
    ],
    [
      'work made up for on a day off',
      { makeUpDays: ['2027-02-06'] },
      'make_up_days.0: 2027-02-06 is a day off as well',
    ],
    [
      'a day made up for twice',
      { makeUpDays: ['2027-02-13', '2027-02-13'] },
      'make_up_days.1: 2027-02-13 stands there twice',
    ],
    ['a day of long ago', { makeUpDays: ['2026-12-26'] }, 'make_up_days.0: "2026-12-26" is no day of 2027'],
  ])('is refused with %s', (_what, change, fault) => {
    expect(faultsOf(change)).toContain(fault);
  });

  test('is told everything that is wrong with it at once', () => {
    expect(
      faultsOf({ source: '', revision: 0, issuedOn: 'x', holidays: [], makeUpDays: ['y'] }),
    ).toHaveLength(7);
  });
});
