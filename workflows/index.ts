/** The entry of the workflow bundle: every workflow and every message, nothing else. */
export { backfill } from './backfill.ts';
export { deliverNotice } from './deliver-notice.ts';
export { overdueSweep } from './overdue-sweep.ts';
export { refund } from './refund.ts';
export { statementDay } from './statement-day.ts';
export { statementRange } from './statement-ranges.ts';
