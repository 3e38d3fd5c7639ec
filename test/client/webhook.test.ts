/** `verifyWebhook`: what a backend may believe. Signed here by the server's own code, and by the example of the standard. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { WebhookError, verifyWebhook } from '../../client/client.js';
import { webhookBody } from '../../domain/notice/event.ts';
import { newWebhookSecret, signWebhook } from '../../notices/signature.ts';

const AT = new Date('2026-11-24T02:00:00.000Z');
const SECRET = newWebhookSecret(randomBytes);
const BODY = webhookBody({
  eventId: 'evt_1',
  type: 'refund.needs_action',
  at: AT,
  refund: { refundNo: 'RF-1', state: 'needs_action', reason: 'abnormal', overdueLevel: 1 },
});

const signed = (o: { body?: string; secrets?: readonly string[]; sentAt?: Date } = {}) => ({
  ...signWebhook({ id: 'evt_1', sentAt: o.sentAt ?? AT, body: o.body ?? BODY }, o.secrets ?? [SECRET]),
});

const verify = (
  headers: Parameters<typeof verifyWebhook>[0] = signed(),
  body: string | Uint8Array = BODY,
  secret: string | readonly string[] = SECRET,
) => verifyWebhook(headers, body, secret, { now: AT });

const code = async (made: Promise<unknown>): Promise<string> => {
  const error: unknown = await made.catch((thrown: unknown) => thrown);
  if (error instanceof WebhookError) return error.code;
  throw new Error('it was believed');
};

describe('a webhook is believed', () => {
  test('in one line, and gives its event', async () => {
    const event = await verify();

    expect(event).toEqual({
      id: 'evt_1',
      type: 'refund.needs_action',
      timestamp: AT.toISOString(),
      data: { refund_no: 'RF-1', state: 'needs_action', reason: 'abnormal', overdue_level: 1 },
    });
    if (event.type === 'refund.needs_action') expect(event.data.refund_no).toBe('RF-1');
  });

  test('with headers as fetch has them, as Node has them, and in any case', async () => {
    const headers = signed();
    await verify(new Headers(headers));
    await verify(
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])),
    );
  });

  test('as bytes and as text', async () => {
    const body = '{"name":"元💸"}';
    await verify(signed({ body }), body);
    expect(await verify(signed({ body }), Buffer.from(body))).toEqual({ name: '元💸' });
  });

  test('while the secret is exchanged, on either side', async () => {
    const next = newWebhookSecret(randomBytes);
    await verify(signed({ secrets: [next, SECRET] }), BODY, SECRET);
    await verify(signed({ secrets: [next, SECRET] }), BODY, next);
    await verify(signed({ secrets: [SECRET] }), BODY, [next, SECRET]);
  });

  test('up to five minutes after, and before, it was signed', async () => {
    await verify(signed({ sentAt: new Date(AT.getTime() - 300_000) }));
    await verify(signed({ sentAt: new Date(AT.getTime() + 300_000) }));
  });

  test('as in the published example of the standard', async () => {
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1a,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const now = new Date(1_614_265_330_000);

    expect(await verifyWebhook(headers, '{"test": 2432232314}', secret, { now })).toEqual({
      test: 2432232314,
    });
  });
});

describe('a webhook is not believed', () => {
  test.each([
    ['with another body', () => verify(signed(), BODY.replace('RF-1', 'RF-2'))],
    ['with another id', () => verify({ ...signed(), 'webhook-id': 'evt_2' })],
    ['with another time', () => verify({ ...signed(), 'webhook-timestamp': '1795485601' })],
    ['signed with another secret', () => verify(signed({ secrets: [newWebhookSecret(randomBytes)] }))],
    ['with a signature cut short', () => verify({ ...signed(), 'webhook-signature': 'v1,AAAA' })],
    ['with a signature that is no base64', () => verify({ ...signed(), 'webhook-signature': 'v1,***' })],
    ['with an empty signature', () => verify({ ...signed(), 'webhook-signature': 'v1,' })],
    [
      'signed in another version alone',
      () => verify({ ...signed(), 'webhook-signature': signed()['webhook-signature'].replace('v1', 'v2') }),
    ],
    ['read anew by a framework', () => verify(signed(), JSON.stringify(JSON.parse(BODY), null, 1))],
  ] as const)('%s', async (_what, made) => {
    expect(await code(made())).toBe('signature_wrong');
  });

  test.each([
    ['five minutes and a second after it was signed', -301_000],
    ['more than five minutes before it', 301_000],
  ])('%s', async (_what, ms) => {
    expect(await code(verify(signed({ sentAt: new Date(AT.getTime() + ms) })))).toBe('too_old');
  });

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('without %s', async (name) => {
    expect(await code(verify({ ...signed(), [name]: undefined }))).toBe('header_missing');
    expect(await code(verify({ ...signed(), [name]: '' }))).toBe('header_missing');
    expect(await code(verify({ ...signed(), [name]: ['a', 'b'] }))).toBe('header_missing');
  });

  test.each(['', 'whsec_', 'whsec_c2hvcnQ=', 'whsec_***', [] as string[]])(
    'with the secret %j, which would let anybody sign',
    async (secret) => {
      expect(await code(verify(signed(), BODY, secret))).toBe('secret_invalid');
    },
  );

  test('when it is signed and is no JSON', async () => {
    expect(await code(verify(signed({ body: 'so it is' }), 'so it is'))).toBe('body_not_json');
  });
});
