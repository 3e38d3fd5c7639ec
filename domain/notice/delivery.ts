/** One event on its way to one endpoint. */

/** `dead`: given up, until somebody has it sent again. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'dead'] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** No good answer for days; 410; or the endpoint was disabled meanwhile. */
export const DEAD_WHYS = ['exhausted', 'gone', 'disabled'] as const;

export type DeadWhy = (typeof DEAD_WHYS)[number];

/** `asked`: somebody disabled it. `gone`: it answered 410. */
export const DISABLED_WHYS = ['asked', 'gone'] as const;

export type DisabledWhy = (typeof DISABLED_WHYS)[number];

/** Characters that are kept of an answer, or of why there was none. */
export const ANSWER_CHARACTERS_MAX = 300;
