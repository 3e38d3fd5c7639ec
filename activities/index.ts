/** All effects by name. The workflows know these types; the worker builds the functions once with its dependencies. */
import type { ActivityDeps } from './deps.ts';
import { askChannel } from './overdue/ask-channel.ts';
import { findDue } from './overdue/find-due.ts';
import { flagOverdue } from './overdue/flag-overdue.ts';
import { awaitVerdict } from './refund/await-verdict.ts';
import { confirmPayment } from './refund/confirm-payment.ts';
import { recordRefund } from './refund/record-refund.ts';
import { recordVerdict } from './refund/record-verdict.ts';
import { submitRefund } from './refund/submit-refund.ts';
import { fetchStatement } from './statement/fetch-statement.ts';
import { listBillDates } from './statement/list-bill-dates.ts';
import { loadStatement } from './statement/load-statement.ts';
import { matchStatement } from './statement/match-statement.ts';
import { recordEmptyDay } from './statement/record-empty-day.ts';
import { reportMatches } from './statement/report-matches.ts';

export type { SweepResult } from './overdue/flag-overdue.ts';
export type { BackfillRange, BackfillResult } from './statement/list-bill-dates.ts';
export type { StatementDay, StatementDayResult } from './statement/statement-day.ts';

export type Activities = ReturnType<typeof createActivities>;

export function createActivities(deps: ActivityDeps) {
  return {
    recordRefund: recordRefund(deps),
    confirmPayment: confirmPayment(deps),
    submitRefund: submitRefund(deps),
    awaitVerdict: awaitVerdict(deps),
    recordVerdict: recordVerdict(deps),

    fetchStatement: fetchStatement(deps),
    loadStatement: loadStatement(deps),
    matchStatement: matchStatement(deps),
    reportMatches: reportMatches(deps),
    recordEmptyDay: recordEmptyDay(deps),
    listBillDates: listBillDates(deps),

    findDue: findDue(deps),
    askChannel: askChannel(deps),
    flagOverdue: flagOverdue(deps),
  };
}
