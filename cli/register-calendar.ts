/** The commands about business days. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { BUSINESS_DAYS_MAX } from '../domain/time/china-calendar.ts';
import { asDay } from './argument-day.ts';

export function registerCalendar(program: Command): void {
  const calendar = program
    .command('calendar')
    .description('the business days of mainland China that promises are counted in');
  calendar
    .command('show')
    .description('days off and make-up workdays, and which years are published')
    .argument('[year]', 'all published years, unless given', asYear)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (year: number | undefined, options: { json: boolean }) => {
      const { showCalendarCommand } = await import('./commands/calendar.ts');
      await showCalendarCommand(year, options);
    });
  calendar
    .command('check')
    .description('whether a day is a business day, and why')
    .argument('<date>', 'a day in Beijing, yyyy-mm-dd', asDay)
    .option('--days <n>', 'also the n-th business day after it', asDays)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (date: string, options: { days?: number; json: boolean }) => {
      const { checkDayCommand } = await import('./commands/calendar.ts');
      await checkDayCommand(date, options);
    });
  calendar
    .command('import')
    .description("bring the State Council's notice of a year to every running process (YUANLU_DATABASE_URL)")
    .argument('<file>', 'JSON, see docs/calendar.md')
    .option('--replace', 'also when the calendar knows the year already', false)
    .option('--json', 'print one JSON document on stdout', false)
    .action(async (file: string, options: { replace: boolean; json: boolean }) => {
      const { importCalendarCommand } = await import('./commands/calendar-import.ts');
      await importCalendarCommand(file, options);
    });
}

function asYear(text: string): number {
  if (/^[0-9]{4}$/.test(text) && Number(text) >= 1970) return Number(text);
  throw new InvalidArgumentError('It must be a year from 1970 to 9999.');
}

function asDays(text: string): number {
  const days = Number(text);
  if (/^[0-9]{1,3}$/.test(text) && days >= 1 && days <= BUSINESS_DAYS_MAX) return days;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${String(BUSINESS_DAYS_MAX)}.`);
}
