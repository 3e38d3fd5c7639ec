/** Who may speak: requests whose signature, clock or headers are wrong get 401 and leave no trace. */
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../exchange.ts';
import type { Credentials } from './merchant.ts';
import { exchange } from '../exchange.ts';
import { authorization, credentialsFor, newMerchant } from './merchant.ts';
import type { Fields } from '../exchange.ts';
import type { Shop, Wish } from './shop.ts';
import { openShop } from './shop.ts';

const REFUNDS = '/v3/refund/domestic/refunds';

interface Sent {
  readonly wish: Wish;
  readonly body: Buffer;
  readonly good: Credentials;
}

/** A refund request that would be accepted as it is. */
async function goodRequest(shop: Shop): Promise<Sent> {
  const order = await shop.pay(10_000);
  const wish = shop.wish(order, 1_000, { reason: '尺码不符' });
  const body = Buffer.from(JSON.stringify(wish));
  return { wish, body, good: credentialsFor(shop.merchant, 'POST', REFUNDS, body) };
}

function send(shop: Shop, body: Buffer, header: string | null, more: Fields = {}): Promise<Answer> {
  const headers = {
    accept: 'application/json',
    'user-agent': 'test',
    'content-type': 'application/json',
    ...(header === null ? {} : { authorization: header }),
    ...(more as Record<string, string>),
  };
  return exchange({ method: 'POST', url: shop.sandbox.url + REFUNDS, headers, body });
}

function jsonOf(answer: Answer): Fields {
  return JSON.parse(answer.bytes.toString('utf8')) as Fields;
}

async function expectNothingHappened(shop: Shop, wish: Wish): Promise<void> {
  expect(shop.sandbox.refunds()).toEqual([]);
  const { postings } = await shop.control('GET', `/postings?voucher=${wish.out_refund_no}`);
  expect(postings).toEqual([]);
}

describe('a request with one thing wrong', () => {
  const stranger = newMerchant('1900009999');
  const otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const secondsFromNow = (seconds: number): string => String(Math.floor(Date.now() / 1000) + seconds);
  const signedAt = (shop: Shop, body: Buffer, timestamp: string): Credentials =>
    credentialsFor(shop.merchant, 'POST', REFUNDS, body, { timestamp });

  const spoilt: Readonly<Record<string, (shop: Shop, sent: Sent) => Partial<Credentials>>> = {
    'signed by another key': (shop, { body }) =>
      credentialsFor(shop.merchant, 'POST', REFUNDS, body, { key: otherKey }),
    'signed for another method': (shop, { body }) => credentialsFor(shop.merchant, 'PUT', REFUNDS, body),
    'signed for another path': (shop, { body }) => credentialsFor(shop.merchant, 'POST', `${REFUNDS}/`, body),
    'signed for an added query': (shop, { body }) =>
      credentialsFor(shop.merchant, 'POST', `${REFUNDS}?a=1`, body),
    'signed with another nonce than it names': (_, { good }) => ({ ...good, nonce_str: 'abc' }),
    'signed at another time than it names': (_, { good }) => ({ ...good, timestamp: secondsFromNow(1) }),
    'signed over the body without its line end': (shop, { body }) =>
      credentialsFor(shop.merchant, 'POST', REFUNDS, body.subarray(0, -1)),
    'an empty signature': (_, { good }) => ({ ...good, signature: '' }),
    'a signature that is no base64': (_, { good }) => ({ ...good, signature: '!!!' }),
    'a timestamp 301 seconds old': (shop, { body }) => signedAt(shop, body, secondsFromNow(-301)),
    'a timestamp 302 seconds ahead': (shop, { body }) => signedAt(shop, body, secondsFromNow(302)),
    'a timestamp in milliseconds': (shop, { body }) => signedAt(shop, body, String(Date.now())),
    'a timestamp that is no number': (shop, { body }) => signedAt(shop, body, 'now'),
    'another serial': (_, { good }) => ({ ...good, serial_no: stranger.serial }),
    'an unknown mchid': (_, { good }) => ({ ...good, mchid: stranger.mchid }),
    'a nonce over 32 characters': (shop, { body }) =>
      credentialsFor(shop.merchant, 'POST', REFUNDS, body, { nonce: 'a'.repeat(33) }),
    'a nonce with a sign in it': (shop, { body }) =>
      credentialsFor(shop.merchant, 'POST', REFUNDS, body, { nonce: 'a-b' }),
  };

  test.each(Object.entries(spoilt))('%s is refused with SIGN_ERROR and not recorded', async (_, spoil) => {
    const shop = await openShop();
    const sent = await goodRequest(shop);

    const answer = await send(shop, sent.body, authorization(spoil(shop, sent)));

    expect(answer.status).toBe(401);
    expect(jsonOf(answer)['code']).toBe('SIGN_ERROR');
    await expectNothingHappened(shop, sent.wish);
  });

  test.each(['mchid', 'nonce_str', 'timestamp', 'serial_no', 'signature'] as const)(
    'an Authorization without %s is refused, and the refusal names it',
    async (missing) => {
      const shop = await openShop();
      const sent = await goodRequest(shop);
      const rest = Object.fromEntries(Object.entries(sent.good).filter(([name]) => name !== missing));

      const answer = await send(shop, sent.body, authorization(rest));

      expect(answer.status).toBe(401);
      expect(jsonOf(answer)).toMatchObject({
        code: 'SIGN_ERROR',
        message: expect.stringContaining(missing) as unknown,
      });
      await expectNothingHappened(shop, sent.wish);
    },
  );

  const headers: Readonly<Record<string, (good: Credentials) => string | null>> = {
    'no Authorization at all': () => null,
    'an empty Authorization': () => '',
    'another scheme': (good) => authorization(good).replace('WECHATPAY2-SHA256-RSA2048', 'Bearer'),
    'values without quotes': (good) => authorization(good).replaceAll('"', ''),
    'an attribute twice': (good) => `${authorization(good)},mchid="${good.mchid}"`,
  };

  test.each(Object.entries(headers))('%s is refused with SIGN_ERROR', async (_, headerOf) => {
    const shop = await openShop();
    const sent = await goodRequest(shop);

    const answer = await send(shop, sent.body, headerOf(sent.good));

    expect(answer.status).toBe(401);
    expect(jsonOf(answer)['code']).toBe('SIGN_ERROR');
    await expectNothingHappened(shop, sent.wish);
  });

  test('one flipped bit anywhere in the body is refused and not recorded', async () => {
    const shop = await openShop();
    const { body, good, wish } = await goodRequest(shop);

    await fc.assert(
      fc.asyncProperty(fc.nat({ max: body.length * 8 - 1 }), async (bit) => {
        const other = Buffer.from(body);
        other.writeUInt8(other.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);

        const answer = await send(shop, other, authorization(good));

        expect(answer.status).toBe(401);
      }),
      { numRuns: 40 },
    );
    await expectNothingHappened(shop, wish);
  });

  test('the refusal of a wrong signature shows the text that was verified, for whoever looks for the difference', async () => {
    const shop = await openShop();
    const { body, good } = await goodRequest(shop);
    const head = `POST\n${REFUNDS}\n${good.timestamp}\n${good.nonce_str}\n`;

    const answer = await send(shop, Buffer.concat([body, Buffer.from(' ')]), authorization(good));

    expect(jsonOf(answer)).toMatchObject({
      detail: {
        issue: 'sign not match',
        sign_information: {
          method: 'POST',
          url: REFUNDS,
          truncated_sign_message: expect.stringContaining(head) as unknown,
          sign_message_length: Buffer.byteLength(head) + body.length + 2,
        },
      },
    });
  });

  test('the serial of another merchant of the sandbox does not open the account of this one', async () => {
    const other = newMerchant('1900000110');
    const shop = await openShop({ others: [other] });
    const { body, wish } = await goodRequest(shop);
    const theirs = credentialsFor(other, 'POST', REFUNDS, body);

    const mixed = await send(shop, body, authorization({ ...theirs, mchid: shop.merchant.mchid }));
    const own = await send(shop, body, authorization(theirs));

    expect(mixed.status).toBe(401);
    expect(own.status).toBe(404);
    expect(jsonOf(own)['code']).toBe('RESOURCE_NOT_EXISTS');
    await expectNothingHappened(shop, wish);
  });
});

describe('a request that is as documented', () => {
  test('is accepted with its attributes in any order', async () => {
    const shop = await openShop();
    const { body, good } = await goodRequest(shop);
    const attributes = Object.entries(good).map(([name, value]) => `${name}="${value}"`);

    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(attributes, { minLength: attributes.length }),
        async (shuffled) => {
          const answer = await send(shop, body, `WECHATPAY2-SHA256-RSA2048 ${shuffled.join(',')}`);

          expect(answer.status).toBe(200);
        },
      ),
      { numRuns: 10 },
    );
  });

  test.each([-298, 0, 298])('is accepted when its clock is %i seconds off', async (seconds) => {
    const shop = await openShop();
    const { body } = await goodRequest(shop);
    const timestamp = String(Math.floor(Date.now() / 1000) + seconds);
    const good = credentialsFor(shop.merchant, 'POST', REFUNDS, body, { timestamp });

    expect((await send(shop, body, authorization(good))).status).toBe(200);
  });

  test('is verified over its bytes: odd spacing and unknown fields are no fault', async () => {
    const shop = await openShop();
    const order = await shop.pay(5_000);
    const wish = { ...shop.wish(order, 100), something_new: { deep: [1] } };
    const body = Buffer.from(` ${JSON.stringify(wish, null, 3).replaceAll('/', '\\/')}\r\n`);

    const answer = await send(
      shop,
      body,
      authorization(credentialsFor(shop.merchant, 'POST', REFUNDS, body)),
    );

    expect(answer.status).toBe(200);
  });

  test.each([
    ['accept', { accept: '' }],
    ['user-agent', { 'user-agent': '' }],
    ['content-type', { 'content-type': 'text/plain' }],
  ])('without the header %s it is refused with PARAM_ERROR', async (_, headers) => {
    const shop = await openShop();
    const { body, good, wish } = await goodRequest(shop);

    const answer = await send(shop, body, authorization(good), headers);

    expect(answer.status).toBe(400);
    expect(jsonOf(answer)['code']).toBe('PARAM_ERROR');
    await expectNothingHappened(shop, wish);
  });

  test('over 64 KiB it is refused and not recorded', async () => {
    const shop = await openShop();
    const order = await shop.pay(5_000);
    const wish = shop.wish(order, 100, { padding: 'x'.repeat(70_000) });

    const said = await shop.refund(wish);

    expect(said.status).toBe(400);
    await expectNothingHappened(shop, wish);
  });
});

test('an address that does not exist is answered in the form of the channel', async () => {
  const shop = await openShop();

  const unknown = await shop.call('GET', '/v3/refund/global/refunds');
  const undecodable = await exchange({ method: 'GET', url: `${shop.sandbox.url}/v3/%zz`, headers: {} });

  expect(unknown).toMatchObject({ status: 404, json: { code: 'RESOURCE_NOT_EXISTS' } });
  expect(undecodable.status).toBe(400);
  expect(jsonOf(undecodable)['code']).toBe('INVALID_REQUEST');
});
