/** Questions that are asked together: each gets its own answer, none waits for ever, and none is answered from before it came. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { askedTogether } from '../../api/asked-together.ts';

type Ask = (keys: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/** Answers when it is told to. */
function heldBack(): { ask: Ask; asked: (readonly string[])[]; answer: () => void; fail: () => void } {
  const asked: (readonly string[])[] = [];
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  return {
    asked,
    ask: (keys) =>
      new Promise((resolve, reject) => {
        asked.push(keys);
        ends.push({
          resolve: () => {
            resolve(new Map(keys.filter((key) => key !== 'none').map((key) => [key, `of ${key}`])));
          },
          reject,
        });
      }),
    answer: () => ends.shift()?.resolve(),
    fail: () => ends.shift()?.reject(new Error('away')),
  };
}

test('each caller gets the answer of its own key, in any order and number, and null where there is none', async () => {
  const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'none'), { maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(keys, fc.scheduler(), async (asked, scheduler) => {
      const ask: Ask = (some) =>
        scheduler.schedule(
          Promise.resolve(new Map(some.filter((key) => key !== 'none').map((key) => [key, `of ${key}`]))),
        );
      const one = askedTogether(ask);
      const answers = Promise.all(asked.map((key) => one(key)));
      await scheduler.waitFor(answers);
      expect(await answers).toEqual(asked.map((key) => (key === 'none' ? null : `of ${key}`)));
    }),
  );
});

test('what comes while two questions are on their way is asked in one, each key once', async () => {
  const { ask, asked, answer } = heldBack();
  const one = askedTogether(ask);
  const answers = Promise.all(['a', 'b', 'c', 'd', 'c'].map((key) => one(key)));
  expect(asked).toEqual([['a'], ['b']]);
  answer();
  await Promise.resolve();
  answer();
  await expect.poll(() => asked.length).toBe(3);
  expect(asked[2]).toEqual(['c', 'd']);
  answer();
  expect(await answers).toEqual(['of a', 'of b', 'of c', 'of d', 'of c']);
});

test('a question is never answered by one that was asked before it', async () => {
  const { ask, asked, answer } = heldBack();
  const one = askedTogether(ask);
  const first = one('a');
  const second = one('a');
  expect(asked).toEqual([['a'], ['a']]);
  answer();
  answer();
  expect(await Promise.all([first, second])).toEqual(['of a', 'of a']);
});

test('one that fails fails those that were asked in it, and nobody else', async () => {
  const { ask, answer, fail } = heldBack();
  const one = askedTogether(ask);
  const [first, second] = [one('a'), one('b')];
  const later = one('c');
  fail();
  await expect(first).rejects.toThrow('away');
  answer();
  answer();
  expect(await second).toBe('of b');
  expect(await later).toBe('of c');
});
