/** What was sold for a payment and how much of it was used: the facts that a quote is worked out from. */
import type { PlainDate } from '../time/plain-date.ts';

export const PURCHASE_KINDS = ['single', 'renewal', 'bundle'] as const;
export type PurchaseKind = (typeof PURCHASE_KINDS)[number];

/** What proves a use: a login, a consumption. */
export interface UsageRecord {
  readonly at: Date;
  readonly what: string;
}

/** Some of a value that was used. Without a record nobody can hold it against the payer. */
export interface Use {
  /** Face value, minor units; more than zero. What was paid for it may be less. */
  readonly valueMinor: bigint;
  readonly usedMinor: bigint;
  readonly record: UsageRecord | null;
}

/** One thing that is used up by its value: a game card, a top-up. */
export interface SinglePurchase extends Use {
  readonly kind: 'single';
  /** The handling fee as it was shown at the purchase, hundredths of a percent of the unused part. */
  readonly feeBps: number;
}

/** A period that was paid for by an automatic renewal. */
export interface Renewal {
  readonly kind: 'renewal';
  /** First and last day of it, both included. */
  readonly from: PlainDate;
  readonly until: PlainDate;
  /** The day on which the payer stopped; it comes back as well. */
  readonly stoppedOn: PlainDate;
  /** When the payer was told that it would be renewed; null where nothing shows it. */
  readonly announcedOn: PlainDate | null;
}

export interface BundleItem extends Use {
  /** The merchant's number of it, one for all of its sales. */
  readonly itemNo: string;
  /** It came with the others for nothing. */
  readonly isGift: boolean;
}

/** Several things for one payment, of which all or one come back. */
export interface Bundle {
  readonly kind: 'bundle';
  readonly items: readonly BundleItem[];
  /** The one item that comes back; null: all of them. */
  readonly returnedItemNo: string | null;
}

export type Purchase = SinglePurchase | Renewal | Bundle;

/** Things that one bundle may have. */
export const BUNDLE_ITEMS_MAX = 50;
