/** The demo asks as a patient caller does: it waits as long as it is told, else longer each time, and gives up in the end. */
import { describe, expect, test } from 'vitest';
import type { Answered } from '../../cli/demo/again.ts';
import { askUntilAnswered, TooBusyError } from '../../cli/demo/again.ts';

const TEN_MINUTES = 600_000;

/** Asks against the answers given, the last of them for ever, on a clock that only waiting moves. */
async function ask(answers: readonly (Answered | null)[], tryTakesMs = 0) {
  const waits: number[] = [];
  let nowMs = 0;
  let tries = 0;
  const asked = askUntilAnswered(
    'RF1',
    () => {
      nowMs += tryTakesMs;
      tries += 1;
      return Promise.resolve(answers[Math.min(tries, answers.length) - 1] ?? null);
    },
    {
      nowMs: () => nowMs,
      wait: (ms) => {
        waits.push(ms);
        nowMs += ms;
        return Promise.resolve();
      },
    },
  );
  const ended = await asked.catch((error: unknown) => error);
  return { ended, waits, tries, tookMs: nowMs };
}

const busy = (retryAfter?: string): Answered => ({ status: 503, retryAfter });
const CREATED: Answered = { status: 201 };

describe('a request of the demo', () => {
  test('that is answered at once is asked once', async () => {
    expect(await ask([CREATED])).toMatchObject({ ended: { answer: CREATED, repeated: 0 }, waits: [] });
  });

  test('without an answer is repeated after half a second, then after twice as long, never more than five seconds', async () => {
    const { ended, waits } = await ask([null, null, null, busy(), busy(), null, CREATED]);

    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(ended).toMatchObject({ repeated: 6 });
  });

  test('is repeated when the answer says it may be, and not before', async () => {
    const { waits } = await ask([busy('7'), { status: 429, retryAfter: '30' }, busy('soon'), CREATED]);

    expect(waits).toEqual([7_000, 30_000, 2_000]);
  });

  test('is not repeated after an answer that repeating does not change', async () => {
    expect(await ask([{ status: 409 }])).toMatchObject({ tries: 1, ended: { answer: { status: 409 } } });
  });

  test('is given up by the time that it took, however long a try takes', async () => {
    for (const tryTakesMs of [0, 30_000]) {
      const { ended, tookMs } = await ask([null], tryTakesMs);

      expect(ended).toBeInstanceOf(TooBusyError);
      expect(tookMs).toBeGreaterThanOrEqual(TEN_MINUTES);
      expect(tookMs).toBeLessThan(TEN_MINUTES + 40_000);
    }
  });

  test('that is given up says in one sentence what was wrong and what to try', async () => {
    const { ended } = await ask([null]);

    const { message } = ended as Error;
    expect(message).toMatch(/too busy/);
    expect(message).toContain('npm run demo -- --refunds 240');
    expect(message).not.toContain('\n');
  });
});
