/** An answer that cannot be believed decides nothing and is kept as it came, with a code that says why. */
import { describe, expect, test } from 'vitest';
import type { UnbelievedAnswer } from '../../../channels/unbelieved.ts';
import { ERRORS } from '../../../domain/errors.ts';
import type { Answers } from './stand.ts';
import { CALLS, make } from './stand.ts';
import { atEveryChannel } from './stands.ts';

const SPOILT: readonly (readonly [string, keyof Answers, readonly string[]])[] = [
  // WeChat Pay and UnionPay name the stranger's key or certificate; Alipay's key mode sees only that the signature is wrong.
  [
    'signed by a stranger',
    'stranger',
    ['answer_signature_invalid', 'answer_key_unknown', 'answer_certificate_unchained'],
  ],
  ['not signed', 'unsigned', ['answer_unsigned', 'answer_signature_invalid']],
  ['in other bytes than were signed', 'rewritten', ['answer_signature_invalid']],
];

describe('an answer that cannot be believed', () => {
  atEveryChannel((stand) => {
    const each = CALLS.flatMap((call) => SPOILT.map((spoilt) => [call, ...spoilt] as const));

    test.each(each)(
      'F4: to %s, %s, is kept byte for byte with its code',
      async (call, _what, kind, codes) => {
        const kept: UnbelievedAnswer[] = [];
        const answer = stand.answers[call][kind];
        stand.answer(answer);
        const channel = stand.channel({
          keepUnbelieved: (one) => {
            kept.push(one);
            return Promise.resolve();
          },
        });

        await make(call, channel, stand.order).catch(() => undefined);

        const [first] = kept;
        expect(codes).toContain(first?.code);
        expect(ERRORS).toHaveProperty(first?.code ?? '');
        expect(first?.why.length).toBeGreaterThan(3);
        expect(first?.call.length).toBeGreaterThan(3);
        expect(first?.body.equals(Buffer.from(answer.body))).toBe(true);
        expect(first?.headers.size).toBeGreaterThan(0);
      },
    );

    test.each(CALLS)('to %s, when it is genuine, is not kept', async (call) => {
      const kept: UnbelievedAnswer[] = [];
      stand.answer(stand.answers[call].genuine);

      await make(
        call,
        stand.channel({
          keepUnbelieved: (one) => {
            kept.push(one);
            return Promise.resolve();
          },
        }),
        stand.order,
      ).catch(() => undefined);

      expect(kept).toEqual([]);
    });
  });
});
