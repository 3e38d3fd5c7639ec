/** Prints arrival plans as JSON. Run by arrival-window.test.ts in processes of different time zones. */
import { planArrival } from '../../domain/time/arrival-window.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { addDays, beijingInstant } from '../../domain/time/plain-date.ts';

const plans = Array.from({ length: 60 }, (_, index) =>
  planArrival({
    channel: 'wechat',
    fundingSource: 'debit_card',
    acceptedAt: beijingInstant(addDays('2026-01-25', index), index % 2 === 0 ? '00:00:00' : '23:59:59'),
    calendar: chinaCalendar,
  }),
);
process.stdout.write(JSON.stringify(plans));
