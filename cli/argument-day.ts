import { InvalidArgumentError } from 'commander';
import type { PlainDate } from '../domain/time/plain-date.ts';
import { parsePlainDate } from '../domain/time/plain-date.ts';

/** A day as an argument of a command. @throws InvalidArgumentError for anything but a real `yyyy-mm-dd`. */
export function asDay(text: string): PlainDate {
  try {
    return parsePlainDate(text);
  } catch {
    throw new InvalidArgumentError('It must be a real day, written as yyyy-mm-dd.');
  }
}
