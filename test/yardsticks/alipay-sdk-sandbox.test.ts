/** Alipay's official SDK over its own HTTP against the sandbox, with every answer verified. */
import { AlipaySdk } from 'alipay-sdk';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { receiveAnswering } from '../sandbox/notice-receiver.ts';
import type { Fields } from '../sandbox/exchange.ts';
import { openShop } from '../sandbox/alipay/shop.ts';
import type { Shop, Wish } from '../sandbox/alipay/shop.ts';

/** The SDK writes the time of the process' own zone where Alipay wants Beijing's. */
beforeAll(() => {
  vi.stubEnv('TZ', 'Asia/Shanghai');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

/** The SDK as the shop's application. */
function sdkOf({ keys, sandbox }: Shop, privateKey = keys.merchant.privateKeyPem): AlipaySdk {
  return new AlipaySdk({
    appId: keys.merchant.appId,
    privateKey: privateKey.trim(),
    keyType: 'PKCS8',
    alipayPublicKey: keys.channel.publicKeyPem.trim(),
    gateway: `${sandbox.url}/gateway.do`,
    camelcase: false,
  });
}

/** A call whose answer the SDK verifies: it throws when the signature does not hold. */
function exec(sdk: AlipaySdk, method: string, content: object): Promise<Fields> {
  return sdk.exec(method, { bizContent: { ...content } }, { validateSign: true });
}

const refund = (shop: Shop, wish: Wish) => exec(sdkOf(shop), 'alipay.trade.refund', wish);

describe('over its own HTTP against the sandbox', () => {
  test('the SDK refunds, asks about it and about the trade, and believes every answer', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(29_900), '99.00', { refund_reason: '七天无理由 & 50% + "退货"' });

    const done = await refund(shop, wish);
    const replayed = await refund(shop, wish);
    await shop.turn(60);
    const found = await exec(sdkOf(shop), 'alipay.trade.fastpay.refund.query', {
      trade_no: wish.trade_no,
      out_request_no: wish.out_request_no,
    });
    const trade = await exec(sdkOf(shop), 'alipay.trade.query', { trade_no: wish.trade_no });

    expect(done).toMatchObject({ code: '10000', fund_change: 'Y', trade_no: wish.trade_no });
    expect(replayed).toMatchObject({ code: '10000', fund_change: 'N' });
    expect(found).toMatchObject({ refund_status: 'REFUND_SUCCESS', refund_amount: '99.00' });
    expect(trade).toMatchObject({ code: '10000', total_amount: '299.00' });
    expect(shop.sandbox.refunds()).toHaveLength(1);
  });

  test('it believes a refusal, too', async () => {
    const shop = await openShop();
    const trade = await shop.pay(10_000);

    expect(await refund(shop, shop.wish(trade, '100.01'))).toMatchObject({
      code: '40004',
      sub_code: expect.stringMatching(/^ACQ\./) as unknown,
    });
    expect(shop.sandbox.refunds()).toEqual([]);
  });

  test('signed with another key it is turned down and moves no money', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(10_000), '1.00');
    const stranger = sdkOf(shop, shop.keys.channel.privateKeyPem);

    const answer = await stranger.exec('alipay.trade.refund', { bizContent: { ...wish } });

    expect(answer.code).not.toBe('10000');
    expect(answer.sub_code).toBe('isv.invalid-signature');
    expect(shop.sandbox.refunds()).toEqual([]);
  });

  test('it is given the address of a bill, behind which is a zip', async () => {
    const shop = await openShop();
    await refund(shop, shop.wish(await shop.pay(10_000), '1.00'));
    await shop.turnTo('2026-09-02T10:30:00+08:00');

    const answer = await exec(sdkOf(shop), 'alipay.data.dataservice.bill.downloadurl.query', {
      bill_type: 'trade',
      bill_date: '2026-09-01',
    });
    const file = await fetch(String(answer['bill_download_url']));

    expect(file.status).toBe(200);
    expect(
      Buffer.from(await file.arrayBuffer())
        .subarray(0, 4)
        .toString('latin1'),
    ).toBe('PK\u0003\u0004');
  });

  test('its functions believe the notice that a refund brings, and not with another sum', async () => {
    const receiver = await receiveAnswering([200, 'success']);
    const shop = await openShop({ notifyUrl: receiver.url });
    await refund(shop, shop.wish(await shop.pay(10_000, { notify_url: receiver.url }), '1.00'));
    await shop.turn(60);

    const notices = receiver.received.map(({ body }) =>
      Object.fromEntries(new URLSearchParams(body.toString('utf8'))),
    );

    expect(notices.length).toBeGreaterThan(0);
    for (const notice of notices) {
      expect(sdkOf(shop).checkNotifySignV2({ ...notice })).toBe(true);
      expect(sdkOf(shop).checkNotifySignV2({ ...notice, refund_fee: '9999.00' })).toBe(false);
    }
  });
});
