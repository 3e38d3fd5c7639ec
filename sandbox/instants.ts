/** How WeChat Pay writes instants: always Beijing time, to the second. */
const BEIJING_OFFSET_MS = 8 * 3_600_000;

/** `2026-09-01T10:20:30+08:00`, in JSON. */
export function rfc3339(atMs: number): string {
  return `${beijing(atMs).slice(0, 19)}+08:00`;
}

/** `2026-09-01 10:20:30`, in bills. */
export function billTime(atMs: number): string {
  return beijing(atMs).slice(0, 19).replace('T', ' ');
}

/** `20260901`, inside numbers. */
export function compactDate(atMs: number): string {
  return beijing(atMs).slice(0, 10).replaceAll('-', '');
}

/** The instant cut to the whole second before it: finer parts are never shown, so they must not exist. */
export function wholeSecond(atMs: number): number {
  return Math.floor(atMs / 1000) * 1000;
}

function beijing(atMs: number): string {
  return new Date(atMs + BEIJING_OFFSET_MS).toISOString();
}
