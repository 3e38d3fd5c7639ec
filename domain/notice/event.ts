/** What backends are told by webhook, and in which words. Thin on purpose: whoever wants more asks the API. */
import type { RefundState, StateReason } from '../refund/state.ts';

/** `refund.overdue` tells that the flag was raised or, with level 0, lifted; the others tell a state. */
export const EVENT_TYPES = [
  'refund.processing',
  'refund.succeeded',
  'refund.settled',
  'refund.needs_action',
  'refund.failed',
  'refund.returned',
  'refund.overdue',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** Sent on demand, to see whether an endpoint answers. No endpoint has to subscribe to it. */
export const TEST_EVENT_TYPE = 'webhook.test';

export interface RefundEvent {
  readonly refundNo: string;
  readonly state: RefundState;
  readonly reason: StateReason;
  readonly overdueLevel: number;
}

export interface WebhookEvent {
  /** The same on every try and at every endpoint: receivers drop repeats by it. */
  readonly eventId: string;
  readonly type: EventType | typeof TEST_EVENT_TYPE;
  /** When it happened, by the evidence for it. */
  readonly at: Date;
  /** Null of a test event. */
  readonly refund: RefundEvent | null;
}

/** The body that is signed and sent: the same bytes on every try. */
export function webhookBody({ eventId, type, at, refund }: WebhookEvent): string {
  const data =
    refund === null
      ? {}
      : {
          refund_no: refund.refundNo,
          state: refund.state,
          reason: refund.reason,
          overdue_level: refund.overdueLevel,
        };
  return JSON.stringify({ id: eventId, type, timestamp: at.toISOString(), data });
}
