/**
 * Public holidays and make-up workdays of mainland China, as the General Office of the State Council announces them
 * once a year (usually in autumn, for the year that follows). Only what differs from "Monday to Friday" matters:
 * days off inside each range, and Saturdays or Sundays on which people work.
 *
 * To add a year: add its notice below, raise `revision`, and add its days to test/domain/china-calendar.test.ts.
 */
import type { PlainDate } from './plain-date.ts';

export interface HolidayNotice {
  readonly year: number;
  /** The title of the notice, with its number where it was printed with one. */
  readonly source: string;
  readonly issuedOn: PlainDate;
  /** First and last day off, both included. */
  readonly holidays: readonly (readonly [from: PlainDate, to: PlainDate])[];
  /** Weekend days on which people work. */
  readonly makeUpDays: readonly PlainDate[];
}

export interface HolidayData {
  /** Written next to every deadline that was worked out from this data. */
  readonly revision: string;
  readonly notices: readonly HolidayNotice[];
}

export const CHINA_HOLIDAYS: HolidayData = {
  revision: 'cn-2024-2026.1',
  notices: [
    {
      year: 2024,
      source: '国务院办公厅关于2024年部分节假日安排的通知（国办发明电〔2023〕7号）',
      issuedOn: '2023-10-25',
      holidays: [
        ['2024-01-01', '2024-01-01'],
        ['2024-02-10', '2024-02-17'],
        ['2024-04-04', '2024-04-06'],
        ['2024-05-01', '2024-05-05'],
        ['2024-06-10', '2024-06-10'],
        ['2024-09-15', '2024-09-17'],
        ['2024-10-01', '2024-10-07'],
      ],
      makeUpDays: [
        '2024-02-04',
        '2024-02-18',
        '2024-04-07',
        '2024-04-28',
        '2024-05-11',
        '2024-09-14',
        '2024-09-29',
        '2024-10-12',
      ],
    },
    {
      year: 2025,
      source: '国务院办公厅关于2025年部分节假日安排的通知（国办发明电〔2024〕12号）',
      issuedOn: '2024-11-12',
      holidays: [
        ['2025-01-01', '2025-01-01'],
        ['2025-01-28', '2025-02-04'],
        ['2025-04-04', '2025-04-06'],
        ['2025-05-01', '2025-05-05'],
        ['2025-05-31', '2025-06-02'],
        ['2025-10-01', '2025-10-08'],
      ],
      makeUpDays: ['2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11'],
    },
    {
      year: 2026,
      source: '国务院办公厅关于2026年部分节假日安排的通知',
      issuedOn: '2025-11-04',
      holidays: [
        ['2026-01-01', '2026-01-03'],
        ['2026-02-15', '2026-02-23'],
        ['2026-04-04', '2026-04-06'],
        ['2026-05-01', '2026-05-05'],
        ['2026-06-19', '2026-06-21'],
        ['2026-09-25', '2026-09-27'],
        ['2026-10-01', '2026-10-07'],
      ],
      makeUpDays: ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
    },
  ],
};
