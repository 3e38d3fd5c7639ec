/** All effects by name. The workflows know these types; the worker builds the functions once with its dependencies. */
import type { ActivityDeps } from './deps.ts';
import { giveUpNotice } from './notice/give-up-notice.ts';
import { postNotice } from './notice/post-notice.ts';
import { askChannel } from './overdue/ask-channel.ts';
import { findDue } from './overdue/find-due.ts';
import { flagOverdue } from './overdue/flag-overdue.ts';
import { awaitVerdict } from './refund/await-verdict.ts';
import { confirmPayment } from './refund/confirm-payment.ts';
import { recordRefund } from './refund/record-refund.ts';
import { recordVerdict } from './refund/record-verdict.ts';
import { submitRefund } from './refund/submit-refund.ts';
import { clearSplit } from './statement/clear-split.ts';
import { fetchStatement } from './statement/fetch-statement.ts';
import { joinStatement } from './statement/join-statement.ts';
import { listBillDates } from './statement/list-bill-dates.ts';
import { loadRange } from './statement/load-range.ts';
import { loadStatement } from './statement/load-statement.ts';
import { matchStatement } from './statement/match-statement.ts';
import { recordEmptyDay } from './statement/record-empty-day.ts';
import { reportMatches } from './statement/report-matches.ts';
import { splitStatement } from './statement/split-statement.ts';

export type { NoticeEnd, NoticeRef } from './notice/post-notice.ts';
export type { SweepResult } from './overdue/flag-overdue.ts';
export type { BackfillRange, BackfillResult } from './statement/list-bill-dates.ts';
export type {
  FetchedStatement,
  StatementDay,
  StatementDayResult,
  StatementRange,
} from './statement/statement-day.ts';
export type { LoadedStatement } from './statement/load-statement.ts';

/** Each verb's maker. What it makes is registered with the worker under the same name. */
const VERBS = {
  recordRefund,
  confirmPayment,
  submitRefund,
  awaitVerdict,
  recordVerdict,

  fetchStatement,
  loadStatement,
  splitStatement,
  loadRange,
  joinStatement,
  clearSplit,
  matchStatement,
  reportMatches,
  recordEmptyDay,
  listBillDates,

  findDue,
  askChannel,
  flagOverdue,

  postNotice,
  giveUpNotice,
};

export type Activities = { readonly [Verb in keyof typeof VERBS]: ReturnType<(typeof VERBS)[Verb]> };

export function createActivities(deps: ActivityDeps): Activities {
  const made = Object.entries(VERBS).map(([verb, make]) => [verb, make(deps)] as const);
  return Object.fromEntries(made) as Activities;
}
