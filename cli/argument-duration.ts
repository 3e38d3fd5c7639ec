import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longer than any key should live. */
const DAYS_MAX = 3_650;

/** A stretch of time such as `90d`, `12h` or `30m`, in ms; `0` is none. @throws InvalidArgumentError */
export function asDuration(text: string): number {
  if (text === '0') return 0;
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,6})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? 0);
  if (ms > 0 && ms <= DAYS_MAX * 86_400_000) return ms;
  throw new InvalidArgumentError('It must be a number of days, hours or minutes, such as 90d, 12h or 30m.');
}
