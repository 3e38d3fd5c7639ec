/** `yuanlu calendar …`: which days are business days, and why. Needs neither database nor configuration. */
import type { CertainDays, DayKind } from '../../domain/time/china-calendar.ts';
import { certainDays, chinaCalendar } from '../../domain/time/china-calendar.ts';
import type { HolidayNotice } from '../../domain/time/china-holidays.ts';
import { CHINA_HOLIDAYS } from '../../domain/time/china-holidays.ts';
import type { PlainDate } from '../../domain/time/plain-date.ts';
import { addDays, daysBetween, weekdayOf } from '../../domain/time/plain-date.ts';
import { counted, createOutput, table } from '../output.ts';

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
export function showCalendarCommand(year: number | undefined, options: { json: boolean }): void {
  const years = year === undefined ? CHINA_HOLIDAYS.notices.map((notice) => notice.year) : [year];
  const document = {
    revision: chinaCalendar.revision,
    certain: certainDays(CHINA_HOLIDAYS),
    years: years.map(yearDocument),
  };
  createOutput(options.json).result(document, () => calendarText(document));
}

function yearDocument(year: number): YearDocument {
  const notice: HolidayNotice | undefined = CHINA_HOLIDAYS.notices.find((one) => one.year === year);
  const newYear = `${String(year)}-01-01`;
  const days = daysBetween(newYear, `${String(year)}-12-31`) + 1;
  return {
    year,
    published: notice !== undefined,
    source: notice?.source ?? null,
    issued_on: notice?.issuedOn ?? null,
    business_days: Array.from({ length: days }, (_, index) => addDays(newYear, index)).filter((day) =>
      chinaCalendar.isBusinessDay(day),
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
    `${head}\n${year.source ?? ''}, ${year.issued_on ?? ''}`,
    table(rows, [
      { head: 'from', cell: ({ from }) => withWeekday(from) },
      { head: 'to', cell: ({ to }) => withWeekday(to) },
      { head: 'days', align: 'right', cell: ({ days }) => String(days) },
      { head: 'what', cell: ({ what }) => what },
    ]),
  ].join('\n');
}

/** Whether a day is a business day and why; with `days` also the so-and-so-many-th business day after it. */
export function checkDayCommand(
  date: PlainDate,
  options: { readonly days?: number; readonly json: boolean },
): void {
  const kind = chinaCalendar.kindOf(date);
  const { days } = options;
  const document = {
    date,
    business_day: chinaCalendar.isBusinessDay(date),
    kind,
    provisional: chinaCalendar.isProvisional(date),
    calendar_revision: chinaCalendar.revision,
    after: days === undefined ? null : { days, ...chinaCalendar.addBusinessDays(date, days) },
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
