/** Nothing of a key, of a signature or of the address of a statement gets into what is returned or thrown. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createHttpClient } from '../../../channels/http-client.ts';
import type { RawAnswer } from '../scripted-server.ts';
import { CALLS, make } from './stand.ts';
import type { Stand } from './stand.ts';
import { atEveryChannel } from './stands.ts';

const TOKEN = 'token-that-opens-the-statement';

/** All that somebody could read in a log or a debugger. */
function seen(value: unknown): string {
  return inspect(value, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null });
}

describe('what comes out of a channel', () => {
  atEveryChannel((stand) => {
    function expectNoSecrets(value: unknown): void {
      const text = seen(value);
      const signatures = stand
        .sent()
        .slice(-2)
        .map(({ signature }) => signature);
      const hidden = [...stand.secrets, ...signatures.filter((one) => one !== ''), TOKEN];
      expect(hidden.filter((secret) => text.includes(secret))).toEqual([]);
    }

    const ENDS: readonly (readonly [string, (stand: Stand, call: (typeof CALLS)[number]) => RawAnswer])[] = [
      ['good', ({ answers }, call) => answers[call].genuine],
      ['forged', ({ answers }, call) => answers[call].stranger],
      ['refused or held', ({ words }, call) => words[call].tooManyCalls],
      ['broken', () => ({ body: '', breaks: 'at once' })],
      ['late', () => ({ body: '', breaks: 'never answers' })],
    ];
    const each = CALLS.flatMap((call) => ENDS.map(([how, answer]) => [how, call, answer] as const));

    test.each(each)('of a %s answer to %s holds no secret', async (_how, call, answer) => {
      const http = createHttpClient({ timeoutMs: 200, answerBytesMax: 1 << 20 });
      stand.answer(answer(stand, call));

      const outcome = await make(call, stand.channel({ http }), stand.order);

      expectNoSecrets(outcome.outcome === 'ready' ? { ...outcome, ticket: null } : outcome);
    });

    test('of a notice, genuine or forged, holds no secret', async () => {
      const { notices } = stand;
      for (const message of [
        notices.genuine(),
        notices.stranger,
        notices.changed,
        notices.forAnotherMerchant,
      ])
        expectNoSecrets(await stand.channel().readCallback(message));
    });

    test('as a channel itself holds none that can be seen', () => {
      expectNoSecrets(stand.channel());
    });

    const { sendsTo } = stand;
    if (sendsTo === null) return;

    test.each<[string, RawAnswer | null]>([
      ['breaks at once', { body: '', breaks: 'at once' }],
      ['breaks half way', { body: Buffer.alloc(200_000, 'row'), breaks: 'half way' }],
      ['never begins', { body: '', breaks: 'never answers' }],
      ['is refused', { status: 403, body: 'no' }],
      ['leads elsewhere', { status: 302, headers: { location: `http://127.0.0.1:1/${TOKEN}` }, body: '' }],
      ['would go to another host', null],
    ])('as the error of a download that %s holds no secret', async (_how, then) => {
      const address = then === null ? 'https://evil.example' : stand.url;
      stand.answer(sendsTo(`${address}/bill?token=${TOKEN}`), ...(then === null ? [] : [then]));
      const http = createHttpClient({ timeoutMs: 300, answerBytesMax: 1 << 20 });
      const answer = await stand.channel({ http }).requestStatement('trade', '2026-11-23');
      if (answer.outcome !== 'ready') throw new Error(`unexpected ${answer.outcome}`);

      const error = await readThrough(answer.ticket.download()).catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(Error);
      expectNoSecrets(error);
    });
  });
});

async function readThrough(opened: Promise<AsyncIterable<Buffer>>): Promise<void> {
  for await (const part of await opened) void part;
}
