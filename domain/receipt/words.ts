/** Times, dates and amounts as a payer reads them, in both languages. Beijing time, always. */
import type { PlainDate } from '../time/plain-date.ts';
import { beijingDateOf, beijingTimeOf, weekdayOf } from '../time/plain-date.ts';

/** The same thing said in both languages of a receipt. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

const WEEKDAYS_ZH = ['日', '一', '二', '三', '四', '五', '六'] as const;
const WEEKDAYS_EN = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS_EN = [
  ...['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun'],
  ...['Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
] as const;

/** `2026年11月26日（周四）` and `Thu 26 Nov 2026`. */
export function dayWords(day: PlainDate): Words {
  const [year = '', month = '', date = ''] = day.split('-');
  const weekday = weekdayOf(day);
  return {
    zh: `${year}年${String(Number(month))}月${String(Number(date))}日（周${WEEKDAYS_ZH[weekday] ?? ''}）`,
    en: `${WEEKDAYS_EN[weekday] ?? ''} ${String(Number(date))} ${MONTHS_EN[Number(month) - 1] ?? ''} ${year}`,
  };
}

/** With the minute: `2026年11月26日（周四）10:30`. */
export function minuteWords(at: Date): Words {
  const day = dayWords(beijingDateOf(at));
  const time = beijingTimeOf(at).slice('yyyy-MM-dd '.length, 'yyyy-MM-dd HH:mm'.length);
  return { zh: `${day.zh}${time}`, en: `${day.en}, ${time}` };
}

/**
 * By when: the day itself where the promise ends with it, the minute where it ends inside one. The end of a day is kept as
 * the first instant of the next.
 */
export function deadlineWords(by: Date): Words {
  return isEndOfDay(by) ? dayWords(beijingDateOf(new Date(by.getTime() - 1))) : minuteWords(by);
}

function isEndOfDay(at: Date): boolean {
  return beijingTimeOf(at).endsWith(' 00:00:00') && at.getUTCMilliseconds() === 0;
}

/** RFC 3339 with the offset of Beijing, to the second. */
export function beijingIso(at: Date): string {
  return `${beijingTimeOf(at).replace(' ', 'T')}+08:00`;
}

/** `1,234.50`: groups of three before the dot. */
export function groupedYuan(yuan: string): string {
  const [whole = '', fraction = ''] = yuan.split('.');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction}`;
}
