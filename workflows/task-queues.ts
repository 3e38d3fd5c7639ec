/**
 * Where work waits. A queue per kind of limit: channel calls apart from database work, whole files apart from both, and what
 * is sent to addresses of merchants, slow ones too, apart from everything.
 */
export const REFUND_QUEUE = 'refund';
export const CHANNEL_QUEUE = 'channel';
export const STATEMENT_QUEUE = 'statement';
export const NOTICE_QUEUE = 'notice';
