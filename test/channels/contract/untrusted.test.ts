/** What comes back and cannot be relied on: never an error that is thrown, never good news, never a refusal. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHttpClient } from '../../../channels/http-client.ts';
import type { RawAnswer } from '../scripted-server.ts';
import type { Answers, Call } from './stand.ts';
import { CALLS, make, wordOf } from './stand.ts';
import { atEveryChannel } from './stands.ts';

const PAGE = '<html><body>系统维护中</body></html>';
const HTML = { 'content-type': 'text/html' };

/** Each made from an answer that would be good news if it came as it was signed. */
const SPOILT: readonly (readonly [string, (answers: Answers) => RawAnswer])[] = [
  ['F1 a connection that breaks', () => ({ body: '', breaks: 'at once' })],
  ['F5 half an answer', ({ genuine }) => ({ ...genuine, breaks: 'half way' })],
  [
    'F5 an answer that was cut and arrived as if it were whole',
    ({ genuine }) => ({ ...genuine, body: firstHalf(Buffer.from(genuine.body)) }),
  ],
  ...[500, 502, 503, 504].map(
    (status) =>
      [`F3 status ${String(status)}`, ({ genuine }: Answers): RawAnswer => ({ ...genuine, status })] as const,
  ),
  ...[301, 302, 307].map(
    (status) =>
      [
        `a redirect with ${String(status)}`,
        ({ genuine }: Answers): RawAnswer => ({
          ...genuine,
          status,
          headers: { ...genuine.headers, location: 'http://127.0.0.1:1/' },
        }),
      ] as const,
  ),
  ...[200, 403, 404, 502].map(
    (status) =>
      [`a page with ${String(status)}`, (): RawAnswer => ({ status, headers: HTML, body: PAGE })] as const,
  ),
  ['F4 a signature of somebody else', ({ stranger }) => stranger],
  ['F4 no signature', ({ unsigned }) => unsigned],
  ['F4 the same content in other bytes', ({ rewritten }) => rewritten],
  ['no content', () => ({ status: 204, body: '' })],
  ['an empty body', () => ({ body: '' })],
  ...['{}', 'null', '[]', '"ok"', 'ok', 'a=b', '\u0000', '{"code":'].map(
    (body) => [`the body ${JSON.stringify(body)}`, (): RawAnswer => ({ body })] as const,
  ),
  ['bytes that are no text', () => ({ body: Buffer.from([0xff, 0xfe, 0x00, 0x81]) })],
];

const REFUND_CALLS = CALLS.filter((call) => call !== 'requestStatement');

describe('what cannot be trusted', () => {
  atEveryChannel((stand) => {
    const each = CALLS.flatMap((call) => SPOILT.map(([what, spoil]) => [what, call, spoil] as const));

    test.each(each)('I7: %s leaves %s unknown', async (_what, call, spoil) => {
      stand.answer(spoil(stand.answers[call]));

      const answer = await make(call, stand.channel(), stand.order);

      expect(answer).toMatchObject({ outcome: 'unknown', why: expect.stringMatching(/./) as unknown });
    });

    test.each(CALLS)('F2 I7: no answer within the time leaves %s unknown', async (call) => {
      const http = createHttpClient({ timeoutMs: 100, answerBytesMax: 1 << 20 });
      stand.answer({ body: '', breaks: 'never answers' });

      expect(await make(call, stand.channel({ http }), stand.order)).toMatchObject({
        outcome: 'unknown',
        why: 'time-out',
      });
    });

    test.each(REFUND_CALLS)('I7: an answer that is far too large leaves %s unknown', async (call) => {
      const { genuine } = stand.answers[call];
      stand.answer({ ...genuine, body: `${genuine.body.toString()}${' '.repeat(2 << 20)}` });

      expect((await make(call, stand.channel(), stand.order)).outcome).toBe('unknown');
    });

    test.each(CALLS)('F4 I7: a byte of the answer to %s changed on the way changes no news', async (call) => {
      const { genuine } = stand.answers[call];
      const bytes = Buffer.from(genuine.body);
      const expected = JSON.stringify(await told(call, genuine), text);
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: bytes.length - 1 }),
          fc.integer({ min: 1, max: 255 }),
          async (at, flip) => {
            const changed = Buffer.from(bytes);
            changed.writeUInt8(changed.readUInt8(at) ^ flip, at);

            const answer = await told(call, { ...genuine, body: changed });

            // Some bytes stand outside of what is signed, as blanks do: then it is the same news.
            if (answer.outcome !== 'unknown') expect(JSON.stringify(answer, text)).toBe(expected);
          },
        ),
        { numRuns: 60 },
      );
    });

    test.each(CALLS)('F3 I7: no word in answer to %s counts under a status of 500 and more', async (call) => {
      const words = Object.entries<RawAnswer | null>({ ...stand.words[call] });
      for (const [word, answer] of words) {
        for (const status of [500, 502, 503, 504]) {
          if (answer === null) continue;
          expect((await told(call, { ...answer, status })).outcome, word).toBe('unknown');
        }
      }
    });

    test('one answer that cannot be trusted spoils none that follow', async () => {
      const channel = stand.channel();
      stand.answer(stand.answers.queryRefund.stranger, stand.answers.queryRefund.genuine);

      const words = [await channel.queryRefund(stand.order), await channel.queryRefund(stand.order)].map(
        wordOf,
      );

      expect(words).toEqual(['unknown', 'reported success']);
    });

    async function told(call: Call, answer: RawAnswer) {
      stand.answer(answer);
      return make(call, stand.channel(), stand.order);
    }
  });
});

function firstHalf(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}

function text(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
