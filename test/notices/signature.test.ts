/**
 * Signatures of webhooks as Standard Webhooks 1.0.0 publishes the rules, worked out here a second time: the signed text is
 * id, timestamp and body with dots between them, the key is what stands behind `whsec_` in base64.
 */
import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newWebhookSecret, signWebhook } from '../../notices/signature.ts';

const SENT_AT = new Date('2026-11-24T02:00:00.900Z');

/** By the letter of the standard. */
function expected(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = Buffer.concat([Buffer.from(`${id}.${String(timestamp)}.`), Buffer.from(body)]);
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

describe('a signature', () => {
  test('is the published example of the standard', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const headers = signWebhook(
      {
        id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        sentAt: new Date(1_614_265_330_000),
        body: '{"test": 2432232314}',
      },
      [secret],
    );

    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('is over id, second and body, whatever stands in the body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (body) => {
        const secret = newWebhookSecret(randomBytes);
        const headers = signWebhook({ id: 'evt_1', sentAt: SENT_AT, body }, [secret]);
        expect(headers['webhook-timestamp']).toBe('1795485600');
        expect(headers['webhook-signature']).toBe(expected(secret, 'evt_1', 1_795_485_600, body));
      }),
    );
  });

  test('is there twice while a secret is exchanged, that of the new one first, with a space between', () => {
    const [next, before] = [newWebhookSecret(randomBytes), newWebhookSecret(randomBytes)];

    const headers = signWebhook({ id: 'evt_1', sentAt: SENT_AT, body: '{}' }, [next, before]);

    expect(headers['webhook-signature']).toBe(
      [next, before].map((secret) => expected(secret, 'evt_1', 1_795_485_600, '{}')).join(' '),
    );
  });
});

test('a secret is whsec_ and base64 of the 24 to 64 bytes that the standard wants', () => {
  const secret = newWebhookSecret(randomBytes);

  expect(secret).toMatch(/^whsec_[0-9A-Za-z+/]+=*$/);
  const { length } = Buffer.from(secret.slice('whsec_'.length), 'base64');
  expect(length).toBeGreaterThanOrEqual(24);
  expect(length).toBeLessThanOrEqual(64);
});
