/**
 * What the shop owes, as versioned data: the figures of the card-shop rules. How they are applied is in `quoted-sum.ts`, in
 * words in docs/quotes.md.
 */
import { invariant } from '../errors.ts';
import type { PlainDate } from '../time/plain-date.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One edition of the rules. Editions are added, never changed: what was quoted stays what it was. */
export interface QuotePolicy {
  /** Stands in every quote that was worked out by it. */
  readonly version: string;
  /** The day in Beijing from which quotes fall under it. */
  readonly since: PlainDate;
  /** Highest handling fee for a single purchase, hundredths of a percent of the unused part. */
  readonly feeBpsMax: number;
  /** A sum above this is for two people, minor units. */
  readonly automaticUpToMinor: bigint;
  /** A payment older than this is for two people, ms. */
  readonly paymentOldAfterMs: number;
  /** How long a refund may cite a quote, ms: use goes on meanwhile. */
  readonly validForMs: number;
  /** How long a review may take, ms from the refund that cites the quote. A clock that is shown; it decides nothing. */
  readonly reviewWithinMs: number;
  /** What the payer is promised where the channel allows it, ms from the decision. */
  readonly arrivalMs: number;
}

/** Oldest first. The first one also holds for everything before it. */
const EDITIONS: readonly [QuotePolicy, ...QuotePolicy[]] = [
  {
    version: '2026-11',
    since: '2026-11-01',
    feeBpsMax: 1_000,
    automaticUpToMinor: 50_000n,
    paymentOldAfterMs: 180 * DAY_MS,
    validForMs: 2 * HOUR_MS,
    reviewWithinMs: 2 * HOUR_MS,
    arrivalMs: DAY_MS,
  },
];

/** The edition in force on a day in Beijing. */
export function policyOn(day: PlainDate): QuotePolicy {
  return EDITIONS.findLast((edition) => edition.since <= day) ?? EDITIONS[0];
}

/** The edition that a quote names. */
export function policyOf(version: string): QuotePolicy {
  const edition = EDITIONS.find((one) => one.version === version);
  invariant(edition !== undefined, 'editions of the policy are never taken away');
  return edition;
}
