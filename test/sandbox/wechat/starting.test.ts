/** Starting a sandbox from a program: what it needs, what it refuses, and what it keeps to itself. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../workers/clock.ts';
import type { SandboxMerchant } from '../../../sandbox/wechat/model.ts';
import type { Sandbox, SandboxOptions } from '../../../sandbox/wechat/server.ts';
import { startSandbox } from '../../../sandbox/wechat/server.ts';
import { exchange } from '../exchange.ts';
import { newMerchant } from './merchant.ts';
import { receiveNotices } from './notice-receiver.ts';
import { openShop } from './shop.ts';

function merchant(change: Partial<SandboxMerchant> = {}): SandboxMerchant {
  const { mchid, appid, serial, publicKeyPem, apiV3Key } = newMerchant();
  return { mchid, appid, certificateSerial: serial, publicKeyPem, apiV3Key, ...change };
}

async function start(options: Partial<SandboxOptions>): Promise<Sandbox> {
  const sandbox = await startSandbox({ clock: systemClock(), merchants: [merchant()], ...options });
  onTestFinished(() => sandbox.stop());
  return sandbox;
}

describe('a start', () => {
  test('takes a free port of loopback, and makes keys of its own', async () => {
    const [one, other] = [await start({}), await start({})];

    expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+$/);
    expect(other.url).not.toBe(one.url);
    expect(other.keys.publicKeyId).not.toBe(one.keys.publicKeyId);
    expect(other.keys.publicKeyPem).not.toBe(one.keys.publicKeyPem);
    expect(other.keys.platformSerial).not.toBe(one.keys.platformSerial);
  });

  test.each<[string, readonly SandboxMerchant[], string]>([
    ['no merchant', [], 'at least one'],
    ['a merchant twice', [merchant(), merchant()], 'there twice'],
    ['a short APIv3 key', [merchant({ apiV3Key: 'short' })], '32 bytes'],
    [
      'an APIv3 key of 32 characters that are more bytes',
      [merchant({ apiV3Key: '钥'.repeat(32) })],
      '32 bytes',
    ],
    ['a public key that is none', [merchant({ publicKeyPem: 'key' })], 'cannot be read'],
  ])('with %s is refused', async (_, merchants, words) => {
    await expect(startSandbox({ clock: systemClock(), merchants })).rejects.toThrow(words);
  });

  test('on a port that is taken is refused in one sentence', async () => {
    const first = await start({});
    const port = Number(new URL(first.url).port);

    await expect(startSandbox({ clock: systemClock(), merchants: [merchant()], port })).rejects.toMatchObject(
      {
        code: 'config_invalid',
        details: { errors: [expect.stringContaining(`port ${String(port)}`) as unknown] },
      },
    );
  });

  test('behind a public address calls itself by it', async () => {
    const sandbox = await start({ publicUrl: 'http://sandbox.example:9100' });

    expect(sandbox.url).toBe('http://sandbox.example:9100');
  });
});

describe('a clock that is shared', () => {
  test('cannot be turned, and the refusal says why', async () => {
    const sandbox = await start({});

    await expect(sandbox.turnClock(new Date(Date.now() + 60_000))).rejects.toThrow('shared');
    expect(sandbox.clock()).toMatchObject({ rate: null, turnable: false });
  });
});

describe('notices', () => {
  test('go to the hosts that are allowed at start, and to no other', async () => {
    const shop = await openShop();
    const receiver = await receiveNotices();
    const byName = receiver.url.replace('127.0.0.1', 'localhost');

    const allowed = await shop.refund(shop.wish(await shop.pay(100), 100, { notify_url: byName }));
    const other = await shop.refund(
      shop.wish(await shop.pay(100), 100, { notify_url: byName.replace('localhost', 'localhost.example') }),
    );

    expect([allowed.status, other.status]).toEqual([200, 400]);
  });
});

describe('stopping', () => {
  test('closes the port, also while an answer hangs and a notice is on its way', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(100), 100);
    await shop.plan(wish.out_refund_no, { kind: 'lost_answer', how: 'hang' });
    const hanging = shop.refund(wish).then(
      () => 'answered',
      () => 'broken',
    );
    await expect.poll(() => shop.sandbox.refunds().length).toBe(1);

    await shop.sandbox.stop();

    expect(await hanging).toBe('broken');
    await expect(
      exchange({ method: 'GET', url: `${shop.sandbox.url}/sandbox`, headers: {} }),
    ).rejects.toThrow('ECONNREFUSED');
  });

  test('breaks a slow answer off instead of waiting for it', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(100), 100);
    await shop.plan(wish.out_refund_no, { kind: 'slow', ms: 60_000 });
    const slow = shop.refund(wish).then(
      () => 'answered',
      () => 'broken',
    );
    await expect.poll(() => shop.sandbox.refunds().length).toBe(1);

    await shop.sandbox.stop();

    expect(await slow).toBe('broken');
  });
});
