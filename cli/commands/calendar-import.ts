/** `yuanlu calendar import FILE`: the State Council's notice of a year, brought to every running process. */
import { userInfo } from 'node:os';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { CHINA_HOLIDAYS } from '../../domain/time/china-holidays.ts';
import type { ImportedNotice } from '../../domain/time/imported-notices.ts';
import { noticeFaults, withNotices } from '../../domain/time/imported-notices.ts';
import { currentNotices, keepNotice } from '../../store/holiday-notices.ts';
import { systemClock } from '../../workers/clock.ts';
import { readJsonFile } from '../json-file.ts';
import { createOutput } from '../output.ts';
import { withOwner } from '../owner-database.ts';

const day = z.string();
const schema = z.strictObject({
  year: z.int(),
  revision: z.int(),
  source: z.string(),
  issued_on: day,
  holidays: z.array(z.strictObject({ from: day, to: day })).max(40),
  make_up_days: z.array(day).max(40),
});

/** @throws AppError `calendar_notice_invalid`, `calendar_year_known`, `calendar_revision_low` */
export async function importCalendarCommand(
  file: string,
  options: { readonly replace: boolean; readonly json: boolean },
): Promise<void> {
  const notice = noticeOf(await readJsonFile(file, schema, 'calendar_notice_invalid'));
  const document = await withOwner(async (owner) => {
    const kept = await currentNotices(owner);
    const known = withNotices(CHINA_HOLIDAYS, kept);
    const errors = noticeFaults(notice, known);
    if (errors.length > 0) throw new AppError('calendar_notice_invalid', { errors });
    const isKnown = known.notices.some(({ year }) => year === notice.year);
    const same = kept.some((one) => one.year === notice.year && one.revision === notice.revision);
    if (isKnown && !same && !options.replace)
      throw new AppError('calendar_year_known', { year: notice.year });
    const act = { person: userInfo().username, now: systemClock().wallNow() };
    const imported = await keepNotice(owner, notice, act);
    const { revision } = withNotices(CHINA_HOLIDAYS, await currentNotices(owner));
    return { year: notice.year, revision: notice.revision, imported, calendar_revision: revision };
  });
  const output = createOutput(options.json);
  output.result(document, () =>
    document.imported
      ? `${String(document.year)} is in the calendar, which is now ${document.calendar_revision}`
      : `${String(document.year)} is in the calendar already, as revision ${String(document.revision)}`,
  );
  if (document.imported)
    output.say('The next overdue sweep plans open refunds again; nothing has to be restarted.');
}

function noticeOf(document: z.infer<typeof schema>): ImportedNotice {
  const { issued_on: issuedOn, make_up_days: makeUpDays, holidays, ...rest } = document;
  return { ...rest, issuedOn, makeUpDays, holidays: holidays.map(({ from, to }) => [from, to] as const) };
}
