/** Activities that follow a script instead of touching anything: the workflows' order of steps is what is tested. */
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../activities/index.ts';
import type { RefundStanding } from '../../activities/refund/refund-ref.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { RefundState, StateReason } from '../../domain/refund/state.ts';

export interface Script {
  /** What each call answers, in order; the last one repeats. */
  readonly recordRefund?: readonly Answer[];
  readonly confirmPayment?: readonly Answer[];
  readonly submitRefund?: readonly Answer[];
  readonly awaitVerdict?: readonly Answer[];
  readonly recordVerdict?: readonly Answer[];
}

export type Answer =
  | RefundState
  | `needs_action/${Exclude<StateReason, null>}`
  /** The channel says success and still follows the money to the bank. */
  | 'on its way to the bank'
  /** Come back in a moment. */
  | 'not yet'
  /** Come back in an hour. */
  | 'later'
  /** A fault of the catalogue: one that passes, or one that ends the activity for good. */
  | `fault/${ErrorCode}`
  | `final fault/${ErrorCode}`;

export interface FakeActivities {
  readonly activities: Activities;
  /** Names of the calls in the order in which they began. */
  readonly calls: string[];
  /** Changes what one verb answers from now on. */
  set(verb: keyof Script, answers: readonly Answer[]): void;
  /** Makes the next call of a verb wait for the release that is given back; then it answers as it would have. */
  hold(verb: keyof Script): () => void;
  releaseAll(): void;
}

/** How soon a "not yet" is asked again. */
const NOT_YET_MS = 200;
const LATER_MS = 3_600_000;

export function fakeActivities(script: Script = {}, refundNo = 'RF1'): FakeActivities {
  const calls: string[] = [];
  const answers: Record<keyof Script, readonly Answer[]> = {
    recordRefund: script.recordRefund ?? ['requested'],
    confirmPayment: script.confirmPayment ?? ['requested'],
    submitRefund: script.submitRefund ?? ['processing'],
    awaitVerdict: script.awaitVerdict ?? ['succeeded'],
    recordVerdict: script.recordVerdict ?? ['succeeded'],
  };
  const counts = new Map<keyof Script, number>();
  const releases: (() => void)[] = [];
  const held = new Map<keyof Script, Promise<void>>();
  const play = (verb: keyof Script) => async (): Promise<RefundStanding> => {
    calls.push(verb);
    const hold = held.get(verb);
    held.delete(verb);
    await hold;
    const count = counts.get(verb) ?? 0;
    counts.set(verb, count + 1);
    const line = answers[verb];
    const answer = line[Math.min(count, line.length - 1)] ?? 'requested';
    return standingFor(answer, refundNo);
  };
  const unused = (name: string) => (): never => {
    throw ApplicationFailure.nonRetryable(`${name} is not part of this script`);
  };
  const activities: Activities = {
    recordRefund: play('recordRefund'),
    confirmPayment: play('confirmPayment'),
    submitRefund: play('submitRefund'),
    awaitVerdict: play('awaitVerdict'),
    recordVerdict: play('recordVerdict'),
    fetchStatement: unused('fetchStatement'),
    loadStatement: unused('loadStatement'),
    splitStatement: unused('splitStatement'),
    loadRange: unused('loadRange'),
    joinStatement: unused('joinStatement'),
    clearSplit: unused('clearSplit'),
    matchStatement: unused('matchStatement'),
    reportMatches: unused('reportMatches'),
    recordEmptyDay: unused('recordEmptyDay'),
    listBillDates: unused('listBillDates'),
    findDue: unused('findDue'),
    askChannel: unused('askChannel'),
    flagOverdue: unused('flagOverdue'),
    postNotice: unused('postNotice'),
    giveUpNotice: unused('giveUpNotice'),
  };
  return {
    activities,
    calls,
    set: (verb, line) => {
      answers[verb] = line;
      counts.set(verb, 0);
    },
    releaseAll: () => {
      for (const release of releases) release();
    },
    hold: (verb) => {
      let release = (): void => undefined;
      held.set(
        verb,
        new Promise((resolve) => {
          release = resolve;
          releases.push(resolve);
        }),
      );
      return () => {
        release();
      };
    },
  };
}

function standingFor(answer: Answer, refundNo: string): RefundStanding {
  if (answer === 'not yet' || answer === 'later') {
    const nextRetryDelay = answer === 'later' ? LATER_MS : NOT_YET_MS;
    throw ApplicationFailure.create({ type: 'channel_waiting', message: answer, nextRetryDelay });
  }
  const ref = { refundId: '1', merchantId: 'shop', refundNo };
  if (answer === 'on its way to the bank')
    return { ...ref, state: 'succeeded', reason: null, bankLeg: 'pending' };
  const [word, more] = answer.split('/') as [RefundState | 'fault' | 'final fault', string?];
  if (word === 'fault' || word === 'final fault') {
    const nonRetryable = word === 'final fault';
    throw ApplicationFailure.create({
      type: more ?? '',
      message: answer,
      nonRetryable,
      nextRetryDelay: NOT_YET_MS,
    });
  }
  return { ...ref, state: word, reason: (more as StateReason | undefined) ?? null };
}
