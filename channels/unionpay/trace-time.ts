/** UnionPay prints the times of its traces without a year (`MMddHHmmss`): the file's clearing date gives it. */

const PARTS = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/;

/** `yyyy-MM-dd HH:mm:ss` in the clearing date's year, or in the year beside it around New Year; null for no such time. */
export function timeNear(clearingDate: string, trace: string): string | null {
  const apart = Number(trace.slice(0, 2)) - monthOf(clearingDate);
  return timeIn(yearOf(clearingDate) + (apart > 6 ? -1 : apart < -6 ? 1 : 0), trace);
}

/** The same for what was before the clearing date, up to a year. */
export function timeBefore(clearingDate: string, trace: string): string | null {
  const isLater = trace.slice(0, 4) > clearingDate.slice(5).replace('-', '');
  return timeIn(yearOf(clearingDate) - (isLater ? 1 : 0), trace);
}

function timeIn(year: number, trace: string): string | null {
  const parts = PARTS.exec(trace);
  if (parts === null) return null;
  const [, month = '', day = '', hour = '', minute = '', second = ''] = parts;
  const date = `${String(year)}-${month}-${day}`;
  const isReal = !Number.isNaN(Date.parse(`${date}T${hour}:${minute}:${second}+08:00`));
  return isReal ? `${date} ${hour}:${minute}:${second}` : null;
}

function yearOf(date: string): number {
  return Number(date.slice(0, 4));
}

function monthOf(date: string): number {
  return Number(date.slice(5, 7));
}
