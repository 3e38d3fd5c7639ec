import { AppError } from '../../domain/errors.ts';

const ROWS_MAX = 10_000;

/** How many rows a list shows. @throws AppError `request_invalid` for anything but a whole number from 1 to 10,000. */
export function rowLimit(text: string): number {
  const rows = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && rows >= 1 && rows <= ROWS_MAX) return rows;
  throw new AppError('request_invalid', {
    limit: text,
    remedy: `Give a whole number from 1 to ${String(ROWS_MAX)}.`,
  });
}
