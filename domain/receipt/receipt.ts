/**
 * The receipt of a refund as one document: everything that the page, the PDF and the proof pack show, in both languages, made
 * from evidence alone. The same evidence gives the same document; it is what gets signed. Field names are a contract.
 */
import { formatYuan } from '../money.ts';
import type { Observation } from '../refund/observation.ts';
import type { ProofNumber, ProofReader } from '../refund/proof.ts';
import type { Refund } from '../refund/refund.ts';
import type { RefundState } from '../refund/state.ts';
import { adviceFor } from './advice.ts';
import { capitalFigures } from './capital-figures.ts';
import { maskedAccount, plainLine } from './mask.ts';
import type { Family, Phase } from './phase.ts';
import { familyOf, isOwed, isWaiting, phaseOf } from './phase.ts';
import type { Step, StepStatus } from './steps.ts';
import { stepsOf } from './steps.ts';
import {
  CHANNEL_TITLES,
  FAMILY_TITLES,
  HEADLINES,
  HEADLINE_IN_DOUBT,
  NOTES,
  READER_TITLES,
  STEP_NAMES,
  STEP_TO_BE_PAID,
  filled,
} from './texts.ts';
import type { Words } from './words.ts';
import { beijingIso, deadlineWords, groupedYuan, minuteWords } from './words.ts';

/** Raised with every change of the document that a reader of older ones would misunderstand. */
export const RECEIPT_VERSION = 'yuanlu-receipt/1';

/** Who gives the money back, as the law wants them named. Null where it was not configured. */
export interface MerchantFacts {
  readonly name: string;
  readonly legalName: string | null;
  readonly creditCode: string | null;
  readonly phone: string | null;
  readonly address: string | null;
}

export interface ReceiptFacts {
  readonly refund: Refund;
  readonly merchant: MerchantFacts;
  readonly proof: readonly ProofNumber[];
  /** All evidence, the matched lines of statements among it. */
  readonly observations: readonly Observation[];
  /** Business time; decides only whether the promise has passed. */
  readonly now: Date;
}

interface Moment {
  /** RFC 3339, Beijing. */
  readonly at: string;
  readonly words: Words;
}

export interface ReceiptNumber {
  readonly name: Words;
  /** Null while the channel has not given it. */
  readonly value: string | null;
  readonly readers: readonly ProofReader[];
  readonly for: Words;
}

export interface ReceiptLine {
  readonly file_sha256: string;
  readonly line_no: number;
  readonly bill_date: string;
  readonly proves: string;
}

/** JSON as it stands. Amounts are texts of fen and of yuan. */
export interface Receipt {
  readonly version: typeof RECEIPT_VERSION;
  /** The latest thing that it takes into account. */
  readonly as_of: Moment;
  readonly merchant: {
    readonly name: string;
    readonly legal_name: string | null;
    readonly credit_code: string | null;
    readonly phone: string | null;
    readonly address: string | null;
  };
  readonly refund: {
    readonly refund_no: string;
    readonly amount_minor: string;
    readonly amount: string;
    readonly amount_in_words: string;
    readonly currency: string;
    readonly reason: string | null;
    readonly requested: Moment;
  };
  readonly payment: {
    readonly payment_no: string;
    readonly amount_minor: string;
    readonly amount: string;
    readonly paid: Moment | null;
  };
  readonly channel: { readonly name: string; readonly title: Words };
  /** In the channel's words, masked, or whom the merchant pays otherwise; null while nobody has said, of what came back, and of what was not made. */
  readonly lands_in: string | null;
  readonly state: {
    readonly code: RefundState;
    readonly phase: Phase;
    readonly family: Family;
    readonly title: Words;
    readonly headline: Words;
    readonly late: boolean;
  };
  readonly promise: {
    readonly by: string;
    readonly words: Words;
    readonly provisional: boolean;
    readonly window_version: string | null;
    readonly calendar_revision: string | null;
  } | null;
  readonly steps: readonly {
    readonly name: string;
    readonly title: Words;
    readonly status: StepStatus;
    readonly time: Moment | null;
    /** Where the way of the money parts from the one that it was sent on; left out elsewhere. */
    readonly branch?: true;
  }[];
  readonly numbers: readonly ReceiptNumber[];
  readonly advice: readonly Words[];
  readonly statement_lines: readonly ReceiptLine[];
  readonly notes: { readonly fraud: Words; readonly not_invoice: Words; readonly masked: Words };
}

export function receiptOf(facts: ReceiptFacts): Receipt {
  const { refund, merchant, proof, observations, now } = facts;
  const phase = phaseOf(refund);
  const late = isLate(refund, phase, now);
  const family = familyOf(phase, late);
  const channel = CHANNEL_TITLES[refund.channel];
  const { payment } = refund;
  return {
    version: RECEIPT_VERSION,
    as_of: momentOf(asOf(facts, late)),
    merchant: {
      name: plainLine(merchant.name),
      legal_name: merchant.legalName,
      credit_code: merchant.creditCode,
      phone: merchant.phone,
      address: merchant.address,
    },
    refund: {
      refund_no: refund.refundNo,
      ...amountOf(refund.amountMinor),
      amount_in_words: capitalFigures(refund.amountMinor),
      currency: refund.currency,
      reason: refund.reason === null ? null : maskedAccount(refund.reason),
      requested: momentOf(refund.requestedAt),
    },
    payment: {
      payment_no: payment.paymentNo,
      ...amountOf(payment.capturedMinor),
      paid: payment.paidAt === null ? null : momentOf(payment.paidAt),
    },
    channel: { name: refund.channel, title: channel },
    lands_in: landsInOf(refund, phase, observations),
    state: {
      code: refund.state,
      phase,
      family,
      title: FAMILY_TITLES[family],
      headline: filled(headlineOf(refund, phase), { channel }),
      late,
    },
    promise: promiseOf(refund, phase, late),
    steps: stepsOf(refund, phase, observations).map((step) => stepResource(step, channel)),
    numbers: numbersOf(refund, proof, channel),
    advice: adviceFor({ refund, phase, late, proof, observations }),
    statement_lines: linesOf(observations),
    notes: NOTES,
  };
}

function headlineOf({ succeededAt }: Refund, phase: Phase): Words {
  return phase === 'needs_action' && succeededAt !== null ? HEADLINE_IN_DOUBT : HEADLINES[phase];
}

function landsInOf(refund: Refund, phase: Phase, observations: readonly Observation[]): string | null {
  if (phase === 'returned' || phase === 'not_made') return null;
  const otherwise = phase === 'to_be_paid_otherwise' || phase === 'paid_otherwise';
  const approved = observations.find((one) => one.kind === 'fallback_approved');
  if (otherwise && approved !== undefined) {
    const { payee, bank = '', accountEnding = '' } = approved;
    return plainLine(`${payee} ${bank} ${accountEnding}`);
  }
  return refund.landsIn === null ? null : maskedAccount(refund.landsIn);
}

/** The flag of the sweep, or the promise itself where the sweep has not come by yet. */
function isLate(refund: Refund, phase: Phase, now: Date): boolean {
  if (!isOwed(phase)) return false;
  return refund.overdueLevel > 0 || (refund.promiseAt !== null && refund.promiseAt.getTime() < now.getTime());
}

/** Never later than now: what is said to be known was known. */
function asOf({ refund, observations, now }: ReceiptFacts, late: boolean): Date {
  const known = [
    refund.requestedAt.getTime(),
    ...observations.map(({ at }) => Date.parse(at)),
    ...[refund.acceptedAt, refund.succeededAt, refund.lastAskedAt].flatMap((at) => at?.getTime() ?? []),
    ...(late && refund.promiseAt !== null ? [refund.promiseAt.getTime()] : []),
  ];
  return new Date(Math.max(refund.requestedAt.getTime(), ...known.filter((at) => at <= now.getTime())));
}

function momentOf(at: Date): Moment {
  return { at: beijingIso(at), words: minuteWords(at) };
}

function amountOf(minor: bigint): { amount_minor: string; amount: string } {
  return { amount_minor: minor.toString(), amount: groupedYuan(formatYuan(minor)) };
}

/** Once it has arrived nobody waits for a day any more; once it has stopped, only a day that was missed is worth a word. */
function promiseOf(refund: Refund, phase: Phase, late: boolean): Receipt['promise'] {
  const { promiseAt } = refund;
  if (promiseAt === null || !(isWaiting(phase) || phase === 'paid_out' || late)) return null;
  return {
    by: beijingIso(promiseAt),
    words: deadlineWords(promiseAt),
    provisional: refund.windowProvisional,
    window_version: refund.windowVersion,
    calendar_revision: refund.calendarRevision,
  };
}

function stepResource(step: Step, channel: Words): Receipt['steps'][number] {
  return {
    name: step.name,
    title: filled(step.name === 'paid' && step.status !== 'done' ? STEP_TO_BE_PAID : STEP_NAMES[step.name], {
      channel,
    }),
    status: step.status,
    time: step.at === null ? null : momentOf(step.at),
    ...(step.branch === undefined ? {} : { branch: step.branch }),
  };
}

/** The channel's, and the merchant's own refund number where the channel does not count it among them. */
function numbersOf(refund: Refund, proof: readonly ProofNumber[], channel: Words): readonly ReceiptNumber[] {
  const own: ProofNumber = {
    name: { zh: '商户退款单号', en: 'merchant refund number' },
    value: refund.refundNo,
    readers: ['merchant_channel'],
  };
  const all = proof.some(({ value }) => value === refund.refundNo) ? proof : [...proof, own];
  return all.map(({ name, value, readers }) => ({
    name: { zh: name.zh, en: name.en },
    value,
    readers: [...readers],
    for: {
      zh: readers.map((one) => filled(READER_TITLES[one], { channel }).zh).join('、'),
      en: readers.map((one) => filled(READER_TITLES[one], { channel }).en).join(', '),
    },
  }));
}

function linesOf(observations: readonly Observation[]): readonly ReceiptLine[] {
  return observations
    .filter((one) => one.kind === 'statement_line')
    .map((one) => ({
      file_sha256: one.fileSha256,
      line_no: one.lineNo,
      bill_date: one.billDate,
      proves: one.proves,
    }))
    .toSorted((one, other) =>
      `${one.bill_date}${one.file_sha256}` < `${other.bill_date}${other.file_sha256}` ? -1 : 1,
    );
}
