/** Observations for tests: short makers for examples, and arbitraries for properties. */
import fc from 'fast-check';
import type {
  ChannelStatus,
  HoldReason,
  Observation,
  Redirection,
  Resolution,
} from '../../domain/refund/observation.ts';
import { observationKey } from '../../domain/refund/observation.ts';

export const AMOUNT = 2345n;

const MINUTE_MS = 60_000;
const START_MS = Date.parse('2026-11-24T02:00:00Z');

/** The instant `minutes` after the start of the story. */
export function at(minutes: number): string {
  return new Date(START_MS + minutes * MINUTE_MS).toISOString();
}

export function started(attempt: number, minute = attempt): Observation {
  return { kind: 'attempt_started', source: 'submit', ref: `a${String(attempt)}`, at: at(minute), attempt };
}

export function lost(attempt: number, minute = attempt): Observation {
  return {
    kind: 'attempt_unknown',
    source: 'submit',
    ref: `a${String(attempt)}`,
    at: at(minute),
    attempt,
    why: 'timeout',
  };
}

export function held(attempt: number, reason: HoldReason, minute = attempt): Observation {
  const ref = `a${String(attempt)}`;
  return {
    kind: 'attempt_held',
    source: 'submit',
    ref,
    at: at(minute),
    attempt,
    reason,
    channelCode: 'HELD',
  };
}

export function refused(attempt: number, minute = attempt): Observation {
  const ref = `a${String(attempt)}`;
  return { kind: 'attempt_refused', source: 'submit', ref, at: at(minute), attempt, channelCode: 'REFUSED' };
}

export function report(status: ChannelStatus, minute = 10, amountMinor: bigint | null = AMOUNT): Observation {
  const base = {
    kind: 'channel_report',
    source: 'query',
    ref: `q-${status}-${String(minute)}`,
    at: at(minute),
  } as const;
  return amountMinor === null
    ? { ...base, status }
    : { ...base, status, amountMinor: amountMinor.toString() };
}

/** The channel's word that it lands on the merchant's own account. */
export function toMerchant(status: ChannelStatus = 'success', minute = 16): Observation {
  const base = { kind: 'channel_report', source: 'query', at: at(minute), status } as const;
  const ref = `m-${status}-${String(minute)}`;
  return { ...base, ref, amountMinor: AMOUNT.toString(), returnedToMerchant: true };
}

/** `silentAttemptsMax` where the channel has such a limit. */
export function absent(minute: number, graceMinutes = 5, silentAttemptsMax?: number): Observation {
  const ref = `n${String(minute)}`;
  const limit = silentAttemptsMax === undefined ? {} : { silentAttemptsMax };
  const graceMs = graceMinutes * MINUTE_MS;
  return { kind: 'channel_absent', source: 'query', ref, at: at(minute), graceMs, ...limit };
}

/** The channel has the number and says that it did nothing under it. */
export function undone(minute: number, graceMinutes = 5): Observation {
  const base = { source: 'query', ref: `u${String(minute)}`, at: at(minute) } as const;
  return {
    ...base,
    kind: 'channel_absent',
    graceMs: graceMinutes * MINUTE_MS,
    notDone: '39 outside its hours',
  };
}

export function line(
  proves: 'acceptance' | 'completion' | 'clearing' = 'acceptance',
  lineNo = 7,
  amountMinor = AMOUNT,
): Observation {
  return {
    kind: 'statement_line',
    source: 'statement',
    ref: `f00d:${String(lineNo)}`,
    at: at(2000),
    proves,
    amountMinor: amountMinor.toString(),
    fileSha256: 'f00d',
    lineNo,
    billDate: '2026-11-24',
  };
}

export function bounced(minute = 3000): Observation {
  return { kind: 'bounced', source: 'statement', ref: `b${String(minute)}`, at: at(minute) };
}

/** Evidence of people: who had `knew` before them. */
function byPeople(ref: string, minute: number) {
  return { source: 'operator', ref, at: at(minute) } as const;
}

export function overLimit(): Observation {
  return { kind: 'over_limit', source: 'rules', ref: 'limits', at: at(0), limits: ['refund_minor'] };
}

export function released(minute = 1): Observation {
  return { kind: 'released', ...byPeople('approval/1', minute) };
}

export function redirected(
  to: Redirection,
  knew: readonly Observation[],
  minute = 20,
): Extract<Observation, { kind: 'redirect_started' }> {
  const ref = `approval/${String(minute)}`;
  return { kind: 'redirect_started', ...byPeople(ref, minute), to, knew: knew.map(observationKey) };
}

export function fallbackApproved(knew: readonly Observation[], minute = 3_500): Observation {
  return {
    kind: 'fallback_approved',
    ...byPeople(`approval/${String(minute)}`, minute),
    method: 'bank_transfer',
    payee: '张*',
    accountEnding: '0403',
    knew: knew.map(observationKey),
  };
}

export function fallbackPaid(minute = 3_600): Observation {
  return {
    kind: 'fallback_paid',
    ...byPeople('T1', minute),
    reference: 'T1',
    paidAt: at(minute),
    by: 'alice',
  };
}

/** The same, by a line of a statement. */
export function sentBack(lineNo = 9): Observation {
  const of = { fileSha256: 'f00d', lineNo, billDate: '2026-11-27', amountMinor: AMOUNT.toString() };
  return { kind: 'bounced', source: 'statement', ref: `f00d:${String(lineNo)}`, at: at(3000), ...of };
}

export function paymentMismatch(minute: number): Observation {
  const ref = `p${String(minute)}`;
  return { kind: 'payment_mismatch', source: 'payment', ref, at: at(minute), fields: ['captured'] };
}

export function paymentConfirmed(minute: number): Observation {
  return { kind: 'payment_confirmed', source: 'payment', ref: `p${String(minute)}`, at: at(minute) };
}

/** Two people decided with `before` in front of them. */
export function resolved(as: Resolution, before: readonly Observation[], minute = 4000): Observation {
  const base = {
    kind: 'resolved',
    source: 'operator',
    ref: `approval-${String(minute)}`,
    at: at(minute),
  } as const;
  return { ...base, as, knew: before.map(observationKey), proof: 'a letter of the bank' };
}

const minute = fc.integer({ min: 0, max: 60 });
const attempt = fc.integer({ min: 1, max: 4 });
const status = fc.constantFrom<ChannelStatus>('processing', 'success', 'closed', 'abnormal');
const reason = fc.constantFrom<HoldReason>(
  'rate_limited',
  'short_balance',
  'payer_account_closed',
  'account_config',
  'blocked',
);
const statedAmount = fc.oneof(
  { weight: 8, arbitrary: fc.constant(AMOUNT) },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant(AMOUNT - 1n) },
);

/** Evidence that says nothing about how the channel judged the refund. */
export const anyOpenQuestion: fc.Arbitrary<Observation> = fc.oneof(
  fc.tuple(attempt, minute).map((args) => started(...args)),
  fc.tuple(attempt, minute).map((args) => lost(...args)),
);

/** Any observation at all. The same key always has the same content, as the store guarantees. */
export const anyObservation: fc.Arbitrary<Observation> = fc.oneof(
  anyOpenQuestion,
  fc.tuple(attempt, reason, minute).map((args) => held(...args)),
  fc.tuple(attempt, minute).map((args) => refused(...args)),
  fc.tuple(status, minute, statedAmount).map((args) => report(...args)),
  fc.tuple(status, minute).map((args) => toMerchant(...args)),
  fc
    .tuple(minute, fc.integer({ min: 0, max: 10 }), fc.constantFrom(undefined, 1, 2, 3))
    .map((args) => absent(...args)),
  minute.map((one) => undone(one)),
  fc.constantFrom(
    line('acceptance', 1),
    line('completion', 2),
    line('clearing', 3),
    line('acceptance', 4, 1n),
  ),
  minute.map(bounced),
  fc.constant(overLimit()),
  fc.constantFrom(sentBack(9), sentBack(10)),
  minute.map(paymentMismatch),
  minute.map(paymentConfirmed),
);

/** A set of observations: at most one for each key. */
export function observationSet(one: fc.Arbitrary<Observation>, maxLength = 12): fc.Arbitrary<Observation[]> {
  return fc.uniqueArray(one, { maxLength, selector: observationKey });
}

/** As {@link observationSet}, with decisions of people who had some of it before them, and perhaps each other's decision. */
export function decidedSet(one: fc.Arbitrary<Observation>): fc.Arbitrary<Observation[]> {
  const decision = fc.tuple(fc.constantFrom<Resolution>('paid', 'not_paid'), fc.integer({ min: 0, max: 12 }));
  return fc
    .tuple(observationSet(fc.oneof(one, fc.constant(released()))), fc.array(decision, { maxLength: 3 }))
    .map(([set, decisions]) =>
      decisions.reduce<Observation[]>(
        (known, [as, knew], index) => [
          ...known,
          resolved(as, known.slice(known.length - Math.min(knew, known.length)), 4_000 + index),
        ],
        set,
      ),
    );
}
