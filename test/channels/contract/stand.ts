/**
 * A stand: one merchant account at one channel, and a counter on loopback that answers for the channel. The promises of
 * this folder hold for every stand; a new channel writes one of these and adds it to `stands.ts`.
 */
import type {
  CallbackMessage,
  Channel,
  PaymentAnswer,
  QueryAnswer,
  RefundOrder,
  StatementAvailability,
  SubmitAnswer,
} from '../../../channels/channel.ts';
import type { KeepUnbelieved } from '../../../channels/unbelieved.ts';
import type { HttpClient } from '../../../channels/http-client.ts';
import type { Clock } from '../../../domain/clock.ts';
import type { ChannelName } from '../../../domain/refund/refund.ts';
import type { DocumentedTable, OutcomeTable } from '../documented-codes.ts';
import type { RawAnswer } from '../scripted-server.ts';

/** A request as it came to the counter. */
export interface Sent {
  /** All of it that has to be the same whenever the same thing is sent: no time of the call, nonce or signature. */
  readonly content: string;
  /** Read out of a refund; null of anything else. */
  readonly refundNo: string | null;
  readonly amountMinor: bigint | null;
  /** Over the bytes that came. */
  readonly signatureHolds: boolean;
  readonly signature: string;
}

/** A genuine answer that brings what was asked for, and the same as it may come from somebody else. */
export interface Answers {
  readonly genuine: RawAnswer;
  /** Signed with a key that is not the channel's. */
  readonly stranger: RawAnswer;
  readonly unsigned: RawAnswer;
  /** The same content in other bytes, under the signature of the first ones. */
  readonly rewritten: RawAnswer;
}

/** What the channel may say to each call. Null where it has no such word. */
export interface Words {
  readonly submitRefund: {
    /** Answered with what `answers.submitRefund` holds, but about another one. */
    readonly anotherRefund: RawAnswer;
    readonly refused: RawAnswer;
    readonly shortBalance: RawAnswer | null;
    readonly tooManyCalls: RawAnswer;
    readonly ownFault: RawAnswer;
  };
  readonly queryRefund: {
    readonly anotherRefund: RawAnswer;
    /** One fen less than was asked for. */
    readonly otherAmount: RawAnswer;
    readonly inHand: RawAnswer | null;
    readonly closed: RawAnswer | null;
    readonly absent: RawAnswer;
    readonly tooManyCalls: RawAnswer;
    readonly ownFault: RawAnswer;
  };
  readonly queryPayment: {
    readonly anotherPayment: RawAnswer;
    readonly unpaid: RawAnswer;
    readonly absent: RawAnswer;
    readonly tooManyCalls: RawAnswer;
    readonly ownFault: RawAnswer;
  };
  readonly requestStatement: {
    readonly notThere: RawAnswer;
    readonly tooManyCalls: RawAnswer;
    readonly ownFault: RawAnswer;
  };
}

export type Call = keyof Words;

export interface Notices {
  /** About the order's refund, which is done; another `no` makes another notice. */
  genuine(no?: number): CallbackMessage;
  /** Genuine, and about something that is no refund. */
  readonly ofAnotherKind: CallbackMessage;
  readonly stranger: CallbackMessage;
  readonly unsigned: CallbackMessage;
  /** Its content was changed after it had been signed. */
  readonly changed: CallbackMessage;
  readonly forAnotherMerchant: CallbackMessage;
}

/** One outcome table, what the channel documents in its place, and how a code of it comes over the wire. */
export interface CodeTable {
  readonly name: string;
  readonly rows: OutcomeTable;
  readonly documented: DocumentedTable;
  readonly call: Call;
  readonly says: (code: string) => RawAnswer;
  /** What the call brings, where that is more than the row's own word. */
  readonly shows?: (means: string) => string;
}

export interface Stand {
  readonly name: ChannelName;
  readonly url: string;
  readonly order: RefundOrder;
  /** Opens the account anew, as a process does when it starts. */
  channel(deps?: {
    readonly clock?: Clock;
    readonly http?: HttpClient;
    readonly keepUnbelieved?: KeepUnbelieved;
  }): Channel;
  /** The answers to come; the last one repeats. */
  answer(...answers: readonly RawAnswer[]): void;
  sent(): readonly Sent[];
  readonly answers: Readonly<Record<Call, Answers>>;
  readonly words: Words;
  /** The answers that deliver a statement of these bytes: to the question, then to the download where there is one. */
  delivers(file: Buffer): readonly RawAnswer[];
  /** A genuine answer that sends the client to this address for the file; null where the file is in the answer. */
  readonly sendsTo: ((address: string) => RawAnswer) | null;
  readonly notices: Notices;
  readonly tables: readonly CodeTable[];
  /** Texts of the account that may never be seen outside. */
  readonly secrets: readonly string[];
  stop(): Promise<void>;
}

export type AnyAnswer = SubmitAnswer | QueryAnswer | PaymentAnswer | StatementAvailability;

const DAY = '2026-11-23';

/** Makes one of the calls about the stand's order. */
export function make(
  call: Call,
  channel: Channel,
  order: RefundOrder,
  signal?: AbortSignal,
): Promise<AnyAnswer> {
  return call === 'requestStatement'
    ? channel.requestStatement('trade', DAY, signal)
    : channel[call](order, signal);
}

export const CALLS: readonly Call[] = ['submitRefund', 'queryRefund', 'queryPayment', 'requestStatement'];

/** An answer in one word, or in two where the second one matters. */
export function wordOf(answer: AnyAnswer): string {
  if (answer.outcome === 'held') return `held ${answer.reason}`;
  if (answer.outcome === 'reported' && 'report' in answer) return `reported ${answer.report.status}`;
  return answer.outcome;
}
