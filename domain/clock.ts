/** Where the time comes from. Injected everywhere; nothing outside a composition root reads the system clock. */
export interface Clock {
  /** The present instant of the business: refunds, windows, statements, audit. Virtual in demo and tests. */
  now(): Date;
  /**
   * The host's own instant. Only for what leaves or enters on the wire under a signature (300 s tolerance) and for
   * time-outs: a month that passes in a minute would make every signature look stale.
   */
  wallNow(): Date;
  /** How long to wait on the wall for a span of business time, both in milliseconds. Equal at rate 1. */
  toWallMs(businessMs: number): number;
}
