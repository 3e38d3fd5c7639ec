/** `yuanlu calendar`: which days are business days, and why. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { buildProgram } from '../../cli/main.ts';

const BIN = fileURLToPath(new URL('../../bin/yuanlu.js', import.meta.url));

afterEach(() => {
  vi.restoreAllMocks();
});

/** What `yuanlu calendar …` prints. */
async function printed(...args: readonly string[]): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  await buildProgram().parseAsync(['node', 'yuanlu', 'calendar', ...args]);
  return text;
}

async function document(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await printed(...args, '--json'));
}

describe('calendar show', () => {
  test('names every published year with its notice, and from when to when the days are certain', async () => {
    expect(await document('show')).toMatchObject({
      revision: 'cn-2024-2026.1',
      certain: { from: '2024-01-01', to: '2026-12-27' },
      years: [
        { year: 2024, published: true, issued_on: '2023-10-25', business_days: 251 },
        { year: 2025, published: true, issued_on: '2024-11-12', business_days: 248 },
        { year: 2026, published: true, issued_on: '2025-11-04', business_days: 248 },
      ],
    });
  });

  test('of one year shows its days off and make-up workdays, and no other year', async () => {
    const { years } = (await document('show', '2026')) as {
      years: { year: number; holidays: unknown[]; make_up_days: string[] }[];
    };

    expect(years.map(({ year }) => year)).toEqual([2026]);
    expect(years[0]?.make_up_days).toContain('2026-02-14');
    expect(years[0]?.holidays).toContainEqual({ from: '2026-02-15', to: '2026-02-23', days: 9 });
  });

  test('is a table for people, in the order of the days, with weekdays', async () => {
    const lines = (await printed('show', '2026')).split('\n');

    const table = lines.filter((line) => /^2026-02/.test(line));
    expect(table).toEqual([
      '2026-02-14 Sat 六  2026-02-14 Sat 六     1  worked · 调休上班',
      '2026-02-15 Sun 日  2026-02-23 Mon 一     9  days off · 放假',
      '2026-02-28 Sat 六  2026-02-28 Sat 六     1  worked · 调休上班',
    ]);
    expect(lines[0]).toBe('2026: 248 business days');
    expect(lines[1]).toContain('国务院办公厅关于2026年部分节假日安排的通知');
  });

  test('of a year without a notice says that it is provisional', async () => {
    expect(await document('show', '2027')).toMatchObject({
      years: [{ year: 2027, published: false, source: null, business_days: 261, holidays: [] }],
    });
    expect(await printed('show', '2027')).toContain('2027: 261 business days, provisional');
  });
});

describe('calendar check', () => {
  test.each([
    ['2026-02-13', true, 'weekday'],
    ['2026-02-14', true, 'make_up_day'],
    ['2026-02-15', false, 'holiday'],
    ['2026-02-17', false, 'holiday'],
    ['2026-11-28', false, 'weekend'],
  ])('%s is a business day: %s, as a %s', async (date, business, kind) => {
    expect(await document('check', date)).toEqual({
      date,
      business_day: business,
      kind,
      provisional: false,
      calendar_revision: 'cn-2024-2026.1',
      after: null,
    });
  });

  test('F62 with --days counts business days after it, over a holiday and to a make-up Saturday', async () => {
    expect(await document('check', '2026-02-14', '--days', '5')).toMatchObject({
      after: { days: 5, date: '2026-02-28', provisional: false },
    });
    expect(await printed('check', '2026-02-14', '--days', '5')).toBe(
      [
        '2026-02-14 Sat 六: a business day, a weekend day on which people work · 调休上班',
        '5 business days later: 2026-02-28 Sat 六',
        'Calendar cn-2024-2026.1.\n',
      ].join('\n'),
    );
  });

  test('marks a day and a count of which the notice is not published', async () => {
    expect(await document('check', '2027-01-01')).toMatchObject({ business_day: true, provisional: true });
    expect(await document('check', '2026-12-25', '--days', '5')).toMatchObject({
      provisional: false,
      after: { date: '2027-01-01', provisional: true },
    });
    expect(await printed('check', '2027-01-01')).toContain('provisional');
  });
});

describe('bad input', () => {
  test.each([
    ['check', '2026-02-30'],
    ['check', 'tomorrow'],
    ['check', '2026-02-13', '--days', '0'],
    ['check', '2026-02-13', '--days', '401'],
    ['check', '2026-02-13', '--days', '1.5'],
    ['show', '26'],
    ['show', '1969'],
  ])('is refused with what it must be: %s %s %s %s', async (...args) => {
    const { code, stderr } = await ended(...args);

    expect(code).toBe(2);
    expect(stderr).toContain('It must be');
  });
});

function ended(...args: readonly string[]): Promise<{ code: unknown; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, 'calendar', ...args], (error, _stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stderr });
    });
  });
}
