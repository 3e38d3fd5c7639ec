/** What the activities need from outside. Composed once per process; nothing in here reads globals. */
import type { Channel } from '../channels/channel.ts';
import type { Clock } from '../domain/clock.ts';
import type { ReleaseLimits } from '../domain/refund/limits.ts';
import type { BusinessCalendar } from '../domain/time/china-calendar.ts';
import type { FileStore } from '../store/file-store.ts';
import type { Pool } from '../store/pool.ts';
import type { PendingDelivery } from '../store/webhook-outbox.ts';

/** The channel accounts this process serves, by account id. */
export interface Channels {
  /** @throws AppError `account_unknown` */
  get(accountId: string): Channel;
  /** The merchant number of the account at its channel, to check whose statement a file is. */
  externalId(accountId: string): string;
}

/** Tells a refund's workflow that there is news. Not being able to is no fault: the scheduler tells it again. */
export interface RefundTeller {
  statementMatched(refund: { merchantId: string; refundNo: string }, lineRef: string): Promise<void>;
}

/** What came of one sending: the status of an answer and its beginning, or null and why there was none. */
export interface NoticeAnswer {
  readonly status: number | null;
  readonly text: string;
  /** What the answer asks to wait, in milliseconds (wall time). */
  readonly retryAfterMs: number | null;
}

/** Signs an event and sends it to one endpoint. */
export interface NoticeCourier {
  /** @throws AppError `webhooks_not_set_up` */
  deliver(delivery: PendingDelivery, sentAt: Date): Promise<NoticeAnswer>;
}

/** Which statements several workers load together. */
export interface Splitting {
  /** Packed bytes of a delivery above which it is split into ranges; null: one worker loads each. */
  readonly overBytes: number | null;
  /** Unpacked bytes of a range, at least. */
  readonly rangeBytes: number;
}

export interface ActivityDeps {
  /** Role yuanlu_app: refunds, observations, flags. */
  readonly pool: Pool;
  /** Role yuanlu_ingest: statement partitions. */
  readonly ingest: Pool;
  readonly channels: Channels;
  readonly clock: Clock;
  readonly calendar: BusinessCalendar;
  readonly files: FileStore;
  readonly teller: RefundTeller;
  readonly courier: NoticeCourier;
  /** Least wall time between two polls of one refund, in milliseconds; only matters when business time runs fast. */
  readonly pollFloorMs: number;
  /** Above these a refund waits for two people. */
  readonly releaseLimits: ReleaseLimits;
  readonly splitting: Splitting;
}
