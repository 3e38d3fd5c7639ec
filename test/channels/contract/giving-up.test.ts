/** Giving up on a call: at once, with nothing claimed, and nothing sent when it had not begun. */
import { describe, expect, test, vi } from 'vitest';
import { createHttpClient } from '../../../channels/http-client.ts';
import { CALLS, make } from './stand.ts';
import { atEveryChannel } from './stands.ts';

/** Far longer than a test may take: only the signal can end the wait. */
const PATIENT = createHttpClient({ timeoutMs: 600_000, answerBytesMax: 1 << 20 });

describe('a call that is given up', () => {
  atEveryChannel((stand) => {
    test.each(CALLS)('I7: %s ends at once and is unknown: it may have been acted on', async (call) => {
      const before = stand.sent().length;
      const giveUp = new AbortController();
      stand.answer({ body: '', breaks: 'never answers' });

      const answer = make(call, stand.channel({ http: PATIENT }), stand.order, giveUp.signal);
      await vi.waitUntil(() => stand.sent().length > before);
      giveUp.abort();

      expect((await answer).outcome).toBe('unknown');
    });

    test.each(CALLS)('%s that was given up before it began sends nothing', async (call) => {
      const before = stand.sent().length;
      stand.answer(stand.answers[call].genuine);

      const answer = await make(call, stand.channel(), stand.order, AbortSignal.abort());

      expect(answer.outcome).toBe('unknown');
      expect(stand.sent()).toHaveLength(before);
    });

    test('the next call is made as if nothing had been', async () => {
      const channel = stand.channel();
      stand.answer(stand.answers.queryRefund.genuine);

      await channel.queryRefund(stand.order, AbortSignal.abort());

      expect((await channel.queryRefund(stand.order)).outcome).toBe('reported');
    });
  });
});
