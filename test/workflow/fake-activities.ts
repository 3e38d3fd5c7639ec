/** Activities that follow a script instead of touching anything: the workflows' order of steps is what is tested. */
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../activities/index.ts';
import type { RefundStanding } from '../../activities/refund/refund-ref.ts';
import type { RefundState, StateReason } from '../../domain/refund/state.ts';

export interface Script {
  /** What each call answers, in order; the last one repeats. A number means: fail so many times first, retryably. */
  readonly recordRefund?: readonly Answer[];
  readonly confirmPayment?: readonly Answer[];
  readonly submitRefund?: readonly Answer[];
  readonly awaitVerdict?: readonly Answer[];
  readonly recordVerdict?: readonly Answer[];
}

export type Answer = RefundState | `needs_action/${Exclude<StateReason, null>}` | 'not yet';

export interface FakeActivities {
  readonly activities: Activities;
  /** Names of the calls in the order in which they began. */
  readonly calls: string[];
  /** Changes what one verb answers from now on. */
  set(verb: keyof Script, answers: readonly Answer[]): void;
  /** Makes the next call of a verb wait for the release that is given back; then it answers as it would have. */
  hold(verb: keyof Script): () => void;
}

/** How soon a "not yet" is asked again. */
export const NOT_YET_MS = 200;

export function fakeActivities(script: Script = {}): FakeActivities {
  const calls: string[] = [];
  const answers: Record<keyof Script, readonly Answer[]> = {
    recordRefund: script.recordRefund ?? ['requested'],
    confirmPayment: script.confirmPayment ?? ['requested'],
    submitRefund: script.submitRefund ?? ['processing'],
    awaitVerdict: script.awaitVerdict ?? ['succeeded'],
    recordVerdict: script.recordVerdict ?? ['succeeded'],
  };
  const counts = new Map<keyof Script, number>();
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
    if (answer === 'not yet') {
      throw ApplicationFailure.create({
        type: 'channel_waiting',
        message: 'not yet',
        nextRetryDelay: NOT_YET_MS,
      });
    }
    const [state, reason] = answer.split('/') as [RefundState, StateReason?];
    return { refundId: '1', merchantId: 'shop', refundNo: 'RF1', state, reason: reason ?? null };
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
    matchStatement: unused('matchStatement'),
    reportMatches: unused('reportMatches'),
    recordEmptyDay: unused('recordEmptyDay'),
    listBillDates: unused('listBillDates'),
    findDue: unused('findDue'),
    askChannel: unused('askChannel'),
    flagOverdue: unused('flagOverdue'),
  };
  return {
    activities,
    calls,
    set: (verb, line) => {
      answers[verb] = line;
      counts.set(verb, 0);
    },
    hold: (verb) => {
      let release = (): void => undefined;
      held.set(
        verb,
        new Promise((resolve) => {
          release = resolve;
        }),
      );
      return () => {
        release();
      };
    },
  };
}
