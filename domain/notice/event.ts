/** What backends are told by webhook, and in which words. Thin on purpose: whoever wants more asks the API. */
import type { StatementKind } from '../statement/statement.ts';
import type { RefundState, StateReason } from '../refund/state.ts';

/** `refund.overdue` tells that the flag was raised or, with level 0, lifted; the others tell a state. */
const REFUND_EVENT_TYPES = [
  'refund.processing',
  'refund.succeeded',
  'refund.settled',
  'refund.needs_action',
  'refund.failed',
  'refund.returned',
  'refund.overdue',
] as const;

/** A statement is a gap, and the statement that was one came, or is known to be empty. */
const STATEMENT_EVENT_TYPES = ['statement.missing', 'statement.received'] as const;

/** What an endpoint may ask for. */
export const EVENT_TYPES = [...REFUND_EVENT_TYPES, ...STATEMENT_EVENT_TYPES] as const;

type RefundEventType = (typeof REFUND_EVENT_TYPES)[number];
type StatementEventType = (typeof STATEMENT_EVENT_TYPES)[number];
export type EventType = (typeof EVENT_TYPES)[number];

/** Sent on demand, to see whether an endpoint answers. No endpoint has to subscribe to it. */
export const TEST_EVENT_TYPE = 'webhook.test';

interface RefundEvent {
  readonly refundNo: string;
  readonly state: RefundState;
  readonly reason: StateReason;
  readonly overdueLevel: number;
}

interface StatementEvent {
  readonly accountId: string;
  readonly kind: StatementKind;
  /** yyyy-mm-dd, Beijing. */
  readonly billDate: string;
  /** When the channel should have had it. */
  readonly dueAt: Date;
}

export type WebhookEvent = {
  /** The same on every try and at every endpoint: receivers drop repeats by it. */
  readonly eventId: string;
  /** When it happened, by the evidence for it. */
  readonly at: Date;
} & (
  | { readonly type: RefundEventType; readonly refund: RefundEvent }
  | { readonly type: StatementEventType; readonly refund: null; readonly statement: StatementEvent }
  | { readonly type: typeof TEST_EVENT_TYPE; readonly refund: null }
);

/** What the body says, as JSON. */
export type WebhookBody =
  | {
      readonly id: string;
      readonly type: RefundEventType;
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
      readonly type: StatementEventType;
      readonly timestamp: string;
      readonly data: {
        readonly account_id: string;
        readonly kind: StatementKind;
        readonly bill_date: string;
        readonly due_at: string;
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
  return JSON.stringify(bodyOf(event));
}

function bodyOf(event: WebhookEvent): WebhookBody {
  const { eventId: id, at } = event;
  const timestamp = at.toISOString();
  if (event.refund !== null) {
    const { refundNo, state, reason, overdueLevel } = event.refund;
    const data = { refund_no: refundNo, state, reason, overdue_level: overdueLevel };
    return { id, type: event.type, timestamp, data };
  }
  if (event.type === TEST_EVENT_TYPE) return { id, type: event.type, timestamp, data: {} };
  const { accountId, kind, billDate, dueAt } = event.statement;
  const data = { account_id: accountId, kind, bill_date: billDate, due_at: dueAt.toISOString() };
  return { id, type: event.type, timestamp, data };
}
