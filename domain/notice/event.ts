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

interface RefundEvent {
  readonly refundNo: string;
  readonly state: RefundState;
  readonly reason: StateReason;
  readonly overdueLevel: number;
}

export type WebhookEvent = {
  /** The same on every try and at every endpoint: receivers drop repeats by it. */
  readonly eventId: string;
  /** When it happened, by the evidence for it. */
  readonly at: Date;
} & (
  | { readonly type: EventType; readonly refund: RefundEvent }
  | { readonly type: typeof TEST_EVENT_TYPE; readonly refund: null }
);

/** What the body says, as JSON. */
export type WebhookBody =
  | {
      readonly id: string;
      readonly type: EventType;
      readonly timestamp: string;
      readonly data: {
        readonly refund_no: string;
        readonly state: RefundState;
        readonly reason: StateReason;
        readonly overdue_level: number;
      };
    }
  | {
      readonly id: string;
      readonly type: typeof TEST_EVENT_TYPE;
      readonly timestamp: string;
      readonly data: Readonly<Record<string, never>>;
    };

/** The body that is signed and sent: the same bytes on every try. */
export function webhookBody(event: WebhookEvent): string {
  const { eventId: id, at } = event;
  const timestamp = at.toISOString();
  const body: WebhookBody =
    event.refund === null
      ? { id, type: event.type, timestamp, data: {} }
      : { id, type: event.type, timestamp, data: dataOf(event.refund) };
  return JSON.stringify(body);
}

function dataOf({ refundNo, state, reason, overdueLevel }: RefundEvent) {
  return { refund_no: refundNo, state, reason, overdue_level: overdueLevel };
}
