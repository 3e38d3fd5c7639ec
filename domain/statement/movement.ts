/** What a movement of a fund-flow statement is about, as far as refunds are concerned. */

/**
 * `refund`: money left for a refund. `refund_fee`: the fee that comes back with it. `back`: a refund's money came back to the
 * merchant (closed, sent back). `back_fee`: the fee that is taken again with that.
 */
export const MOVEMENT_ROLES = ['refund', 'refund_fee', 'back', 'back_fee'] as const;

export type MovementRole = (typeof MOVEMENT_ROLES)[number];

/** How a channel's fund-flow statement words a movement, and what that means. Words that are not named are other business. */
export interface MovementWord {
  /** As its lines print the kind of business. */
  readonly word: string;
  readonly direction: 'in' | 'out';
  readonly role: MovementRole;
}
