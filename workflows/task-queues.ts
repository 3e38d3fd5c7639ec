/** Where work waits. A queue per kind of limit: channel calls apart from database work, whole files apart from both. */
export const REFUND_QUEUE = 'refund';
export const CHANNEL_QUEUE = 'channel';
export const STATEMENT_QUEUE = 'statement';
