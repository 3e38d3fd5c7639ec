/** What a channel's answer means for a refund: the words in which each channel's tables of codes are written. */
import type { HoldReason } from '../domain/refund/observation.ts';

/** `unknown`: find out. `held`: not taken now. `refused`: no, for good. `absent`: no such refund or payment (yet). */
export type Outcome =
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'held'; readonly reason: HoldReason };

export const unknown = { outcome: 'unknown' } as const satisfies Outcome;
export const refused = { outcome: 'refused' } as const satisfies Outcome;
export const absent = { outcome: 'absent' } as const satisfies Outcome;
export const held = (reason: HoldReason): Outcome => ({ outcome: 'held', reason });
