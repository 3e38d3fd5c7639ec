/** `yuanlu calendar …`: which days are business days, and why. Knows what was imported where a database is named, and needs none. */
import type { CertainDays, DayKind } from '../../domain/time/china-calendar.ts';
import { businessCalendar, certainDays } from '../../domain/time/china-calendar.ts';
import type { HolidayData } from '../../domain/time/china-holidays.ts';
import { CHINA_HOLIDAYS } from '../../domain/time/china-holidays.ts';
import type { PlainDate } from '../../domain/time/plain-date.ts';
import { addDays, daysBetween, weekdayOf } from '../../domain/time/plain-date.ts';
import type { ImportedNotice } from '../../domain/time/imported-notices.ts';
import { withNotices } from '../../domain/time/imported-notices.ts';
import { currentNotices } from '../../store/holiday-notices.ts';
import { counted, createOutput, table } from '../output.ts';
import { withReader } from '../owner-database.ts';

interface Stretch {
  readonly from: PlainDate;
  readonly to: PlainDate;
  readonly days: number;
}

interface YearDocument {
  readonly year: number;
  /** False: no notice of this year is known; Monday to Friday is assumed. */
  readonly published: boolean;
  readonly source: string | null;
  readonly issued_on: PlainDate | null;
  /** Revision of the imported notice; null of a year that the code brings along, or nobody. */
  readonly imported: number | null;
  readonly business_days: number;
  readonly holidays: readonly Stretch[];
  readonly make_up_days: readonly PlainDate[];
}

interface CalendarDocument {
  readonly revision: string;
  readonly certain: CertainDays;
  readonly years: readonly YearDocument[];
}

/** One year, published or not; every published one when none is named. */
export async function showCalendarCommand(
  year: number | undefined,
  options: { json: boolean },
): Promise<void> {
  const known = await knownHolidays();
  const { data } = known;
  const years = year === undefined ? data.notices.map((notice) => notice.year) : [year];
  const document = {
    revision: data.revision,
    certain: certainDays(data),
    years: years.map((one) => yearDocument(one, known)),
  };
  createOutput(options.json).result(document, () => calendarText(document));
}

interface Known {
  readonly data: HolidayData;
  readonly imported: readonly ImportedNotice[];
}

/** With the imported notices, where a database is named. @throws AppError `database_unavailable`, `schema_outdated` */
async function knownHolidays(): Promise<Known> {
  const named = [process.env['YUANLU_DATABASE_URL'], process.env['YUANLU_DATABASE_URL_FILE']];
  const imported = named.some((one) => one !== undefined && one !== '')
    ? await withReader((reader) => currentNotices(reader))
    : [];
  return { data: withNotices(CHINA_HOLIDAYS, imported), imported };
}

function yearDocument(year: number, { data, imported }: Known): YearDocument {
  const calendar = businessCalendar(data);
  const notice = data.notices.find((one) => one.year === year);
  const newYear = `${String(year)}-01-01`;
  const days = daysBetween(newYear, `${String(year)}-12-31`) + 1;
  return {
    year,
    published: notice !== undefined,
    source: notice?.source ?? null,
    issued_on: notice?.issuedOn ?? null,
    imported: imported.find((one) => one.year === year)?.revision ?? null,
    business_days: Array.from({ length: days }, (_, index) => addDays(newYear, index)).filter((day) =>
      calendar.isBusinessDay(day),
    ).length,
    holidays: (notice?.holidays ?? []).map(([from, to]) => ({ from, to, days: daysBetween(from, to) + 1 })),
    make_up_days: notice?.makeUpDays ?? [],
  };
}

const DAY_NAMES = ['Sun 日', 'Mon 一', 'Tue 二', 'Wed 三', 'Thu 四', 'Fri 五', 'Sat 六'] as const;

function withWeekday(date: PlainDate): string {
  return `${date} ${DAY_NAMES[weekdayOf(date)] ?? ''}`;
}

function calendarText({ revision, certain, years }: CalendarDocument): string {
  return [
    ...years.map(yearText),
    `Calendar ${revision}. Certain from ${certain.from} to ${certain.to}; before and after it Monday to Friday is assumed, and what is worked out with such days is provisional.`,
  ].join('\n\n');
}

function yearText(year: YearDocument): string {
  const head = `${String(year.year)}: ${counted(year.business_days, 'business day')}`;
  if (!year.published) return `${head}, provisional: its holidays are not published, or not known here`;
  const rows = [
    ...year.holidays.map((holiday) => ({ ...holiday, what: 'days off · 放假' })),
    ...year.make_up_days.map((day) => ({ from: day, to: day, days: 1, what: 'worked · 调休上班' })),
  ].toSorted((one, other) => (one.from < other.from ? -1 : 1));
  return [
    `${head}\n${year.source ?? ''}, ${year.issued_on ?? ''}${year.imported === null ? '' : `, imported as revision ${String(year.imported)}`}`,
    table(rows, [
      { head: 'from', cell: ({ from }) => withWeekday(from) },
      { head: 'to', cell: ({ to }) => withWeekday(to) },
      { head: 'days', align: 'right', cell: ({ days }) => String(days) },
      { head: 'what', cell: ({ what }) => what },
    ]),
  ].join('\n');
}

/** Whether a day is a business day and why; with `days` also the so-and-so-many-th business day after it. */
export async function checkDayCommand(
  date: PlainDate,
  options: { readonly days?: number; readonly json: boolean },
): Promise<void> {
  const calendar = businessCalendar((await knownHolidays()).data);
  const kind = calendar.kindOf(date);
  const { days } = options;
  const document = {
    date,
    business_day: calendar.isBusinessDay(date),
    kind,
    provisional: calendar.isProvisional(date),
    calendar_revision: calendar.revision,
    after: days === undefined ? null : { days, ...calendar.addBusinessDays(date, days) },
  };
  createOutput(options.json).result(document, () =>
    [
      `${withWeekday(date)}: ${document.business_day ? 'a business day' : 'no business day'}, ${WHY[kind]}${mark(document.provisional)}`,
      ...(document.after === null ? [] : [afterText(document.after)]),
      `Calendar ${document.calendar_revision}.`,
    ].join('\n'),
  );
}

const WHY: Readonly<Record<DayKind, string>> = {
  weekday: 'an ordinary weekday · 工作日',
  weekend: 'a weekend · 周末',
  holiday: 'a public holiday · 放假',
  make_up_day: 'a weekend day on which people work · 调休上班',
};

function afterText(after: {
  readonly days: number;
  readonly date: PlainDate;
  readonly provisional: boolean;
}): string {
  return `${counted(after.days, 'business day')} later: ${withWeekday(after.date)}${mark(after.provisional)}`;
}

function mark(provisional: boolean): string {
  return provisional ? ' (provisional: the holidays of that time are not published, or not known here)' : '';
}
