/** What `yuanlu statements run` shows of a run that happens in a worker. */
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { following } from '../../cli/commands/run-progress.ts';

type Handle = Parameters<typeof following>[1];

/** A run of which Temporal tells this, one after the other, the last again and again. */
function told(...states: readonly (object | Error)[]): Handle & { readonly asked: () => number } {
  let asked = 0;
  const describe = (): Promise<unknown> => {
    const state = states[Math.min(asked, states.length - 1)];
    asked += 1;
    return state instanceof Error ? Promise.reject(state) : Promise.resolve({ raw: state });
  };
  return { describe: describe as unknown as Handle['describe'], asked: () => asked };
}

const activity = (name: string, details: object | null, more: object = {}): object => ({
  pendingActivities: [
    {
      ...{ activityType: { name }, attempt: 1, ...more },
      heartbeatDetails: details === null ? null : { payloads: [defaultPayloadConverter.toPayload(details)] },
    },
  ],
});

/** All that is shown until the result is there, as soon as Temporal was asked so often. */
async function shownOf(handle: ReturnType<typeof told>, times: number): Promise<readonly string[]> {
  const lines: string[] = [];
  const result = new Promise<string>((resolve) => {
    const looking = setInterval(() => {
      if (handle.asked() < times) return;
      clearInterval(looking);
      resolve('done');
    }, 20);
  });
  expect(await following({ update: (text) => lines.push(text) }, handle, result)).toBe('done');
  return lines;
}

describe('a run that is followed', () => {
  test.each([
    [
      activity('loadStatement', { phase: 'load', bytes: 12_000_000, lines: 35_000 }),
      'loadStatement: load, bytes 12,000,000, lines 35,000',
    ],
    [
      activity('matchStatement', { phase: 'match', step: 'judging what is left', lines: 9 }),
      'matchStatement: match, judging what is left, lines 9',
    ],
    [
      activity('fetchStatement', null, { attempt: 3, lastFailure: { message: 'it is not made yet' } }),
      'fetchStatement (attempt 3: it is not made yet)',
    ],
    [{ pendingActivities: [], pendingChildren: [{}, {}] }, '2 parts of it are under way'],
  ])('says what its activity says', async (state, text) => {
    expect(await shownOf(told(state), 1)).toEqual([text]);
  });

  test('goes on when Temporal does not answer a question, and says nothing of a moment between activities', async () => {
    const handle = told(new Error('unavailable'), {}, activity('matchStatement', null));

    expect(await shownOf(handle, 3)).toEqual(['matchStatement']);
  });

  test('ends as the run ends, also when it fails', async () => {
    const failed = Promise.reject(new Error('it failed'));

    await expect(following({ update: () => undefined }, told({}), failed)).rejects.toThrow('it failed');
  });
});
