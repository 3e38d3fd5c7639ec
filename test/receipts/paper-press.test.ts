import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { PaperPress, PressLimits } from '../../receipts/paper-press.ts';
import { paperPress } from '../../receipts/paper-press.ts';
import { KEYS, orderOf, paperOf, signed } from './signing.ts';

const LIMITS: PressLimits = { threads: 1, waitingMax: 4, timeLimitMs: 60_000 };
/** Draws nothing: a refund of 1 fen never ends, of 2 fen fails, of 3 fen takes its thread along. */
const STAND_IN = new URL('./stand-in-press-thread.js', import.meta.url);

let press: PaperPress;
afterEach(async () => {
  await press.close();
});

const print = (amountMinor: bigint, language: 'zh' | 'en' = 'zh'): Promise<Buffer> =>
  press.print(orderOf(signed({ amountMinor }), language), KEYS.signing);

describe('the paper press', () => {
  test('gives the very bytes that are drawn without a thread, in both languages', async () => {
    press = paperPress(LIMITS);

    for (const language of ['zh', 'en'] as const)
      expect((await print(12_800n, language)).equals(await paperOf(signed(), language)), language).toBe(true);
  });

  test('leaves the event loop to others while papers are drawn, even one that never ends', async () => {
    press = paperPress(LIMITS, STAND_IN);
    const endless = print(1n).catch((error: unknown) => error);
    // Drawn in this thread it would never let go of it.
    for (let turn = 0; turn < 100; turn += 1) await setImmediate();
    await press.close();

    expect(await endless).toBeInstanceOf(Error);
  });

  test('draws one paper for all who ask for the same at once', async () => {
    press = paperPress({ ...LIMITS, waitingMax: 0 });
    const papers = await Promise.all(Array.from({ length: 20 }, () => print(12_800n)));

    for (const paper of papers) expect(papers[0]?.equals(paper)).toBe(true);
  });

  test('refuses what is more than may wait, and takes orders again afterwards', async () => {
    press = paperPress({ ...LIMITS, waitingMax: 1 }, STAND_IN);
    const asked = await Promise.allSettled([print(10n), print(11n), print(12n), print(13n)]);

    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    for (const one of asked)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'papers_queue_full' });
    await expect(print(12n)).resolves.toBeInstanceOf(Buffer);
  });

  test('gives up on a paper that takes too long, and on what waits behind it, and draws the next one', async () => {
    press = paperPress({ ...LIMITS, timeLimitMs: 1_500 }, STAND_IN);
    const [endless, behind] = await Promise.allSettled([print(1n), print(10n)]);

    for (const one of [endless, behind])
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'paper_timed_out' } });
    await expect(untilDrawn(11n)).resolves.toBeInstanceOf(Buffer);
  });

  test('says what went wrong with one paper, and draws the next one', async () => {
    press = paperPress(LIMITS, STAND_IN);

    await expect(print(2n)).rejects.toThrow('no ink');
    await expect(print(3n)).rejects.toThrow('the thread is gone');
    await expect(print(10n)).resolves.toBeInstanceOf(Buffer);
  });

  test('ends in the middle of a paper when it is closed, and takes no more orders', async () => {
    press = paperPress(LIMITS, STAND_IN);
    const refused = expect(print(1n)).rejects.toMatchObject({ code: 'papers_queue_full' });
    await press.close();

    await refused;
    await expect(print(11n)).rejects.toMatchObject({ code: 'papers_queue_full' });
  });
});

/** A thread that was ended has a successor within moments; its start may take the whole of a short limit. */
async function untilDrawn(amountMinor: bigint): Promise<Buffer> {
  for (let turn = 0; turn < 10; turn += 1) {
    const drawn = await print(amountMinor).catch(() => null);
    if (drawn !== null) return drawn;
  }
  throw new Error('no paper was drawn');
}
