/** Holiday notices in the database, and the calendar of a process that is told of them while it runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildProgram } from '../../cli/main.ts';
import { openCalendar } from '../../workers/live-calendar.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';

const folder = mkdtempSync(join(tmpdir(), 'yuanlu-calendar-'));
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await db.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Made up: no notice of 2027 is known here. */
const NOTICE = {
  ...{ year: 2027, revision: 1, source: 'a made-up notice', issued_on: '2026-11-20' },
  holidays: [
    { from: '2027-01-01', to: '2027-01-03' },
    { from: '2027-05-01', to: '2027-05-05' },
    { from: '2027-10-01', to: '2027-10-07' },
  ],
  make_up_days: ['2027-02-13'],
};

async function yuanlu(...args: readonly string[]): Promise<unknown> {
  vi.stubEnv('YUANLU_DATABASE_URL', db.url);
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await buildProgram().parseAsync(['node', 'yuanlu', 'calendar', ...args, '--json']);
  return JSON.parse(text);
}

function importNotice(notice: object, ...more: readonly string[]): Promise<unknown> {
  const file = join(folder, 'notice.json');
  writeFileSync(file, JSON.stringify(notice));
  return yuanlu('import', file, ...more);
}

describe('yuanlu calendar import', () => {
  test('brings a year to the commands and to a process that runs, once', async () => {
    const warn = vi.fn();
    const live = await openCalendar({ pool: db.pool, log: { warn, info: vi.fn() }, refreshEveryMs: 20 });
    expect([live.revision, live.isProvisional('2027-05-03')]).toEqual(['cn-2024-2026.1', true]);

    const first = { year: 2027, revision: 1, imported: true, calendar_revision: 'cn-2024-2026.1+2027.1' };
    expect(await importNotice(NOTICE)).toEqual(first);
    expect(await importNotice(NOTICE)).toEqual({ ...first, imported: false });

    await vi.waitUntil(() => live.revision === first.calendar_revision, 5_000);
    expect([live.isProvisional('2027-05-03'), live.isBusinessDay('2027-05-03')]).toEqual([false, false]);
    expect(live.kindOf('2027-02-13')).toBe('make_up_day');
    expect(live.addBusinessDays('2027-04-30', 1)).toEqual({ date: '2027-05-06', provisional: false });
    await live.stop();
    expect(warn).not.toHaveBeenCalled();
    expect(await yuanlu('show', '2027')).toMatchObject({
      revision: first.calendar_revision,
      certain: { to: '2027-12-27' },
      years: [{ year: 2027, published: true, source: NOTICE.source, imported: 1 }],
    });
    expect(await yuanlu('check', '2027-05-03')).toMatchObject({ business_day: false, provisional: false });
  });

  test('replaces a year only when it is told to, with a higher revision, and keeps what was', async () => {
    const next = { ...NOTICE, revision: 2, make_up_days: [] };
    await expect(importNotice(next)).rejects.toThrow('calendar_year_known');
    await expect(importNotice({ ...next, revision: 1 }, '--replace')).rejects.toThrow(
      'calendar_revision_low',
    );
    expect(await importNotice(next, '--replace')).toMatchObject({
      ...{ imported: true, calendar_revision: 'cn-2024-2026.1+2027.2' },
    });
    const { rows } = await db.owner.query(
      'select revision, make_up_days::text[] as days, imported_by from yuanlu.holiday_notices order by revision',
    );
    expect(rows).toMatchObject([
      { revision: 1, days: ['2027-02-13'], imported_by: expect.stringContaining(' for ') as string },
      { revision: 2, days: [] },
    ]);
    await expect(db.owner.query(`update yuanlu.holiday_notices set source = 'x'`)).rejects.toThrow();
    await expect(db.owner.query('delete from yuanlu.holiday_notices')).rejects.toThrow();
  });

  test('takes a year that the code has only with --replace', async () => {
    const notice = JSON.parse(JSON.stringify(NOTICE).replaceAll('2027-', '2026-')) as object;
    await expect(importNotice({ ...notice, year: 2026, make_up_days: [] })).rejects.toThrow(
      'calendar_year_known',
    );
    expect(await importNotice({ ...notice, year: 2026, make_up_days: [] }, '--replace')).toMatchObject({
      calendar_revision: 'cn-2024-2026.1+2026.1+2027.2',
    });
  });

  test('says everything that is wrong with a notice at once, and keeps nothing of it', async () => {
    const wrong = { ...NOTICE, year: 2028, source: '', issued_on: 'never' };
    await expect(importNotice(wrong)).rejects.toMatchObject({
      code: 'calendar_notice_invalid',
      details: { errors: expect.arrayContaining(['source: 1 to 200 characters']) as string[] },
    });
    await expect(importNotice({ ...NOTICE, holidays: 'none', more: 1 })).rejects.toMatchObject({
      code: 'calendar_notice_invalid',
    });
    const { rows } = await db.owner.query('select 1 from yuanlu.holiday_notices where year = 2028');
    expect(rows).toEqual([]);
  });
});
