/** A late refund with all that is said about it: facts, serials with whom each is for, what to do, and words to send. */
import type { Bilingual } from '../bilingual.ts';
import type { BankLeg } from '../refund/observation.ts';
import type { ProofNumber, ProofReader } from '../refund/proof.ts';
import type { ChannelName } from '../refund/refund.ts';
import type { RefundState, StateReason } from '../refund/state.ts';
import { daysLate } from '../time/arrival-window.ts';
import type { BusinessCalendar } from '../time/china-calendar.ts';
import { beijingTimeOf } from '../time/plain-date.ts';
import type { ChannelDesk } from './desk.ts';
import { UNKNOWN_DESK } from './desk.ts';
import type { LegalClock } from './legal-clocks.ts';
import { legalClocks } from './legal-clocks.ts';
import type { OverdueLevelName } from './levels.ts';
import { levelName } from './levels.ts';
import type { NextAction } from './next-action.ts';
import { nextActionOf } from './next-action.ts';
import type { Question, Situation } from './situation.ts';
import { lastQuestion, situationOf } from './situation.ts';

/** A flagged refund as the books have it. */
export interface FlaggedRefund {
  readonly refundNo: string;
  readonly channel: ChannelName;
  /** The merchant's number at the channel. */
  readonly externalId: string;
  readonly paymentNo: string;
  readonly amountMinor: bigint;
  readonly state: RefundState;
  readonly stateReason: StateReason;
  /** Of `levels.ts`, above 0. */
  readonly level: number;
  readonly requestedAt: Date;
  readonly goodsReceivedAt: Date | null;
  readonly acceptedAt: Date | null;
  readonly promiseAt: Date;
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  readonly clearingDate: string | null;
  readonly landsIn: string | null;
  /** `pending`: the channel has paid, and the payer's bank is what is late. */
  readonly bankLeg: BankLeg | null;
  /** The last answer of the channel, and when it came. */
  readonly lastAskedAt: Date | null;
  readonly lastAnswer: string | null;
  /** The last question that had none, and why. */
  readonly unansweredAt: Date | null;
  readonly unansweredWhy: string | null;
}

/** A number, whom it is for, and what to say while the channel has not given it. */
export interface Serial extends ProofNumber {
  readonly isFor: readonly (Bilingual & { readonly reader: ProofReader })[];
  /** Null when there is a number. */
  readonly missing: Bilingual | null;
}

export interface LateRefund<Row extends FlaggedRefund = FlaggedRefund> {
  readonly refund: Row;
  readonly desk: ChannelDesk;
  readonly levelName: OverdueLevelName | null;
  /** Past the promise, in business days of China. */
  readonly daysLate: number;
  readonly situation: Situation;
  readonly asked: Question;
  readonly serials: readonly Serial[];
  readonly nextAction: NextAction;
  readonly legalClocks: readonly LegalClock[];
}

/** `channel` is the one behind the refund's account; undefined when the account is no longer configured. */
export function lateRefund<Row extends FlaggedRefund>(
  refund: Row,
  o: {
    readonly channel:
      | { readonly desk: ChannelDesk; proofNumbers(of: FlaggedRefund): readonly ProofNumber[] }
      | undefined;
    readonly now: Date;
    readonly calendar: BusinessCalendar;
  },
): LateRefund<Row> {
  const desk = o.channel?.desk ?? UNKNOWN_DESK;
  const asked = lastQuestion(refund);
  const situation = situationOf(refund);
  return {
    refund,
    desk,
    asked,
    situation,
    levelName: levelName(refund.level),
    daysLate: daysLate(refund.promiseAt, o.now, o.calendar),
    serials: (o.channel?.proofNumbers(refund) ?? []).map((number) => serialOf(number, desk, asked)),
    nextAction: nextActionOf({ situation, desk, reason: refund.stateReason, level: refund.level }),
    legalClocks: legalClocks(refund, o.now),
  };
}

function serialOf(number: ProofNumber, desk: ChannelDesk, asked: Question): Serial {
  return {
    ...number,
    isFor: number.readers.map((reader) => ({ reader, ...READS[reader](desk) })),
    missing: number.value === null ? missingText(asked) : null,
  };
}

/** Who looks a number up for whom, in words. */
const READS: Readonly<Record<ProofReader, (desk: ChannelDesk) => Bilingual>> = {
  payer_bank: () => ({ zh: '给银行看', en: "for the payer's bank" }),
  payer_channel: ({ payerService: { zh, en } }) => ({ zh: `给${zh}看`, en: `for ${en}` }),
  merchant_channel: ({ merchantService: { zh, en } }) => ({ zh: `给${zh}看`, en: `for ${en}` }),
};

function missingText({ at, outcome }: Question): Bilingual {
  if (at === null) return { zh: '渠道尚未提供', en: 'not provided by the channel yet' };
  const when = minuteOf(at);
  const silent = outcome === 'no_answer';
  return {
    zh: `渠道尚未提供，${when} 询问过${silent ? '，未获答复' : ''}`,
    en: `not provided by the channel yet, asked at ${when}${silent ? ' without an answer' : ''}`,
  };
}

/** In Beijing, to the minute. */
export function minuteOf(at: Date): string {
  return beijingTimeOf(at).slice(0, 'yyyy-MM-dd HH:mm'.length);
}

/** A deadline in Beijing: what ends at midnight ends with 24:00 of the day before, as people say it. */
export function endText(at: Date): string {
  const text = minuteOf(at);
  if (!text.endsWith(' 00:00')) return text;
  return `${minuteOf(new Date(at.getTime() - 1)).slice(0, 'yyyy-MM-dd'.length)} 24:00`;
}
