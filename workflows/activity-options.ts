/**
 * How long each kind of effect may take and how it is tried again. One table for all workflows: polling lives in the
 * activities' own retries (they say when to come back), so a refund's history does not grow with the number of polls.
 */
import type { ActivityOptions } from '@temporalio/workflow';
import { ActivityCancellationType } from '@temporalio/workflow';

/** Database writes: quick, and repeated until the database is back. */
export const DATABASE: ActivityOptions = {
  startToCloseTimeout: '15 seconds',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds' },
};

/**
 * Calls that move money. No end to the tries: the overdue radar is what a person hears of, never a time-out here.
 * Cancellation waits for the attempt in flight, because its outcome must be recorded.
 */
export const SUBMIT: ActivityOptions = {
  startToCloseTimeout: '45 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/** Questions to a channel: harmless to repeat, free to drop. */
export const QUERY: ActivityOptions = {
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
  cancellationType: ActivityCancellationType.TRY_CANCEL,
};

/** Whole files: long, with heartbeats so that a dead worker is noticed. */
export const STATEMENT: ActivityOptions = {
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '60 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
};

/** Looks over many refunds: as long, with heartbeats, but only the database is waited for. */
export const SWEEP: ActivityOptions = {
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '60 seconds',
  retry: { ...DATABASE.retry },
};

/** Webhooks to a merchant's backend: tried for three days, at the end once an hour; then a person is shown that it was not taken. */
export const NOTICE: ActivityOptions = {
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '3 days',
  retry: { initialInterval: '10 seconds', backoffCoefficient: 2, maximumInterval: '1 hour' },
  cancellationType: ActivityCancellationType.TRY_CANCEL,
};

/** Faults that no retry mends; see `domain/errors.ts`. */
export const NOT_RETRYABLE: readonly string[] = [
  'statement_unrecognised',
  'statement_totals_differ',
  'statement_encoding_invalid',
  'statement_too_large',
  'statement_account_differs',
  'statement_host_refused',
  'refund_conflict',
  'refund_exceeds_payment',
  'currency_mismatch',
  'amount_invalid',
  'payment_unknown',
  'account_unknown',
  'refund_too_late',
  'refund_parts_exhausted',
  'refund_unknown',
];

/** A file that did not come whole: reading it again is no use, downloading it again is. */
export const DOWNLOADED_AGAIN: readonly string[] = [
  'statement_truncated',
  'statement_corrupt',
  'statement_summary_missing',
  'statement_hash_differs',
];
