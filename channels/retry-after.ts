/** The header `retry-after` of an answer (RFC 9110 section 10.2.3). */

/** Seconds or an HTTP date, as milliseconds from now; null when absent or unreadable. */
export function retryAfter(value: string | undefined, wallNow: Date): number | null {
  if (value === undefined) return null;
  if (/^[0-9]{1,6}$/.test(value)) return Number(value) * 1_000;
  // Date.parse takes almost anything for a date: 1.5 is a day in January 2001. One of HTTP begins with the day of the week.
  const at = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - wallNow.getTime());
}
