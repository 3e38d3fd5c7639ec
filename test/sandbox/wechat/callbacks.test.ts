/** Notices: sealed and signed, sent when a refund ends, again along the documented ladder until they are taken. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Receiver } from '../notice-receiver.ts';
import { openNotice, receiveNotices } from './notice-receiver.ts';
import type { Fields } from '../exchange.ts';
import type { Shop, Wish } from './shop.ts';
import { DAY, openShop } from './shop.ts';

/** 15 s, 15 s, 30 s, 3 m, 10 m, 20 m, 30 m three times, 60 m, 3 h three times, 6 h twice: 24 h 4 m in all. */
const LADDER = [
  15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
];
const LADDER_SECONDS = 86_640;
/** Within it every refund to a wallet ends. */
const WALLET_SECONDS = 290;

interface Delivery extends Fields {
  readonly flavour: string;
  readonly attempt: number;
  readonly at: string;
  readonly status: number | null;
  readonly error: string | null;
}

async function deliveriesOf(shop: Shop, wish: Wish): Promise<readonly Delivery[]> {
  const { callbacks } = await shop.control('GET', `/callbacks?refund_no=${wish.out_refund_no}`);
  return callbacks as Delivery[];
}

async function refundWithNotice(shop: Shop, receiver: Receiver, trouble?: Fields): Promise<Wish> {
  const order = await shop.pay(1_000, { coupon_minor: '300' });
  const wish = shop.wish(order, 900, { notify_url: receiver.url });
  if (trouble !== undefined) await shop.plan(wish.out_refund_no, trouble);
  expect((await shop.refund(wish)).status).toBe(200);
  return wish;
}

describe('a notice', () => {
  test('is posted when the refund has ended, and not before', async () => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    await refundWithNotice(shop, receiver);

    await shop.turn(4);
    const early = receiver.received.length;
    await shop.turn(WALLET_SECONDS);

    expect(early).toBe(0);
    expect(receiver.received).toMatchObject([
      { method: 'POST', path: '/notify', headers: { 'content-type': 'application/json' } },
    ]);
  });

  test('is an envelope with the documented fields around a sealed resource', async () => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    const wish = await refundWithNotice(shop, receiver);

    await shop.turn(WALLET_SECONDS);

    const [notice] = receiver.received.map((one) => openNotice(shop, one));
    expect(notice?.fault).toBeNull();
    expect(notice?.envelope).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      create_time: expect.stringMatching(/^2026-09-01T10:0[0-4]:[0-9]{2}\+08:00$/) as unknown,
      resource_type: 'encrypt-resource',
      event_type: 'REFUND.SUCCESS',
      summary: '退款成功',
    });
    expect(notice?.resource).toMatchObject({ original_type: 'refund', algorithm: 'AEAD_AES_256_GCM' });
    expect(Buffer.byteLength(notice?.resource.nonce ?? '')).toBe(12);
    expect(Buffer.byteLength(notice?.resource.associated_data ?? '')).toBeLessThan(16);
    const queried = await shop.query(wish.out_refund_no);
    expect(notice?.content).toEqual({
      mchid: shop.merchant.mchid,
      transaction_id: wish['transaction_id'],
      out_trade_no: queried.json['out_trade_no'],
      refund_id: queried.json['refund_id'],
      out_refund_no: wish.out_refund_no,
      refund_status: 'SUCCESS',
      success_time: queried.json['success_time'],
      user_received_account: '支付用户零钱',
      amount: { total: 1_000, refund: 900, payer_total: 700, payer_refund: 630 },
    });
  });

  test.each([
    ['closed', 'REFUND.CLOSED', 'CLOSED'],
    ['abnormal', 'REFUND.ABNORMAL', 'ABNORMAL'],
  ])('of a refund that ends %s says %s, and names no success_time', async (kind, eventType, status) => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    await refundWithNotice(shop, receiver, { kind });

    await shop.turn(WALLET_SECONDS);

    const [notice] = receiver.received.map((one) => openNotice(shop, one));
    expect(notice?.envelope['event_type']).toBe(eventType);
    expect(notice?.content['refund_status']).toBe(status);
    expect(notice?.content).not.toHaveProperty('success_time');
  });

  test('of a stuck refund is never sent', async () => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    await refundWithNotice(shop, receiver, { kind: 'stuck' });

    await shop.turn(30 * DAY);

    expect(receiver.received).toEqual([]);
  });

  test('goes to the address of the request, before that of the merchant', async () => {
    const [own, general] = [await receiveNotices(), await receiveNotices()];
    const shop = await openShop({ notifyUrl: general.url });
    await refundWithNotice(shop, own);
    await shop.refund(shop.wish(await shop.pay(1_000), 1_000));
    await shop.control('POST', '/refunds-by-hand', {
      payment_no: (await shop.pay(1_000)).payment_no,
      amount_minor: '1000',
    });

    await shop.turn(WALLET_SECONDS);

    expect(own.received).toHaveLength(1);
    expect(general.received).toHaveLength(2);
  });

  test('without any address is not sent', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 1_000);
    await shop.refund(wish);

    await shop.turn(DAY);

    expect(await deliveriesOf(shop, wish)).toEqual([]);
  });

  test('is signed with the public key at first, with the certificate when that is chosen, and back', async () => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    const { publicKeyId, platformSerial } = shop.sandbox.keys;
    for (const kind of [null, 'certificate', 'public_key']) {
      if (kind !== null) await shop.control('POST', '/keys', { sign_callbacks_with: kind });
      await refundWithNotice(shop, receiver);
      await shop.turn(WALLET_SECONDS);
    }

    expect(receiver.received.map(({ headers }) => headers['wechatpay-serial'])).toEqual([
      publicKeyId,
      platformSerial,
      publicKeyId,
    ]);
    expect(receiver.received.map((one) => openNotice(shop, one).fault)).toEqual([null, null, null]);
  });

  test('carries the time of the wall in its signature and the time of the business inside', async () => {
    const receiver = await receiveNotices();
    const shop = await openShop({ start: new Date('2031-05-05T00:00:00+08:00') });
    await refundWithNotice(shop, receiver);

    await shop.turn(WALLET_SECONDS);

    const [notice] = receiver.received;
    const stamp = Number(notice?.headers['wechatpay-timestamp']);
    expect(Math.abs(Date.now() / 1000 - stamp)).toBeLessThan(300);
    expect(notice === undefined ? '' : openNotice(shop, notice).envelope['create_time']).toMatch(
      /^2031-05-05/,
    );
  });
});

describe('acknowledging', () => {
  test.each([200, 204])('%i ends the matter', async (status) => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    receiver.answers(status);
    const wish = await refundWithNotice(shop, receiver);

    await shop.turn(2 * DAY);

    expect(receiver.received).toHaveLength(1);
    expect(await deliveriesOf(shop, wish)).toMatchObject([{ attempt: 1, status, error: null }]);
  });

  test.each([201, 302, 400, 401, 404, 500, 503])('%i does not: the notice comes again', async (status) => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    receiver.answers((no) => (no === 1 ? status : 204));
    const wish = await refundWithNotice(shop, receiver);

    await shop.turn(2 * DAY);

    expect(receiver.received.map(({ path }) => path)).toEqual(['/notify', '/notify']);
    expect(await deliveriesOf(shop, wish)).toMatchObject([
      { attempt: 1, status },
      { attempt: 2, status: 204 },
    ]);
  });

  test('a connection that breaks is a try that failed, and the record says why', async () => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    receiver.answers((no) => (no === 1 ? null : 204));
    const wish = await refundWithNotice(shop, receiver);

    await shop.turn(DAY);

    const [broken, taken] = await deliveriesOf(shop, wish);
    expect(broken?.status).toBeNull();
    expect(broken?.error).toMatch(/.+/);
    expect(taken).toMatchObject({ attempt: 2, status: 204, error: null });
  });

  test('nobody at the address is a try that failed', async () => {
    const shop = await openShop();
    const wish = await refundWithNotice(shop, { url: await closedAddress() } as Receiver);

    await shop.turn(WALLET_SECONDS);

    expect((await deliveriesOf(shop, wish))[0]).toMatchObject({ status: null, error: 'ECONNREFUSED' });
  });

  test('a receiver that says nothing for five seconds has not taken it', async () => {
    const shop = await openShop();
    const wish = await refundWithNotice(shop, { url: await silentAddress() } as Receiver);
    const [refund] = shop.sandbox.refunds();

    await shop.turnTo(refund?.endsAt?.toISOString() ?? '');

    expect(await deliveriesOf(shop, wish)).toMatchObject([
      { attempt: 1, status: null, error: 'no answer within 5000 ms' },
    ]);
  });
});

describe('the ladder', () => {
  test('repeats a refused notice after the documented waits, fifteen times, and then never', async () => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    receiver.answers(500);
    const wish = await refundWithNotice(shop, receiver);

    await shop.turn(10 * DAY);

    const deliveries = await deliveriesOf(shop, wish);
    const seconds = deliveries.map(({ at }) => Date.parse(at) / 1000);
    const waits = seconds.slice(1).map((at, index) => at - (seconds[index] ?? 0));
    expect(waits).toEqual(LADDER);
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(LADDER_SECONDS);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual(
      Array.from({ length: 16 }, (_, index) => index + 1),
    );
  });

  test('F29 I15: every try carries the same id and content under a fresh seal and signature', async () => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    receiver.answers((no) => (no < 4 ? 500 : 200));
    await refundWithNotice(shop, receiver);

    await shop.turn(DAY);

    const opened = receiver.received.map((one) => openNotice(shop, one));
    expect(opened.map(({ fault }) => fault)).toEqual([null, null, null, null]);
    expect(new Set(opened.map(({ envelope }) => envelope['id'])).size).toBe(1);
    expect(new Set(opened.map(({ content }) => JSON.stringify(content))).size).toBe(1);
    expect(new Set(opened.map(({ resource }) => resource.nonce)).size).toBe(4);
    expect(new Set(receiver.received.map(({ headers }) => headers['wechatpay-nonce'])).size).toBe(4);
  });

  test('F38 I15: is climbed until somebody takes the notice, however late', async () => {
    const [shop, receiver] = [await openShop(), await receiveNotices()];
    receiver.answers((no) => (no < 16 ? 503 : 204));
    const wish = await refundWithNotice(shop, receiver);

    await shop.turn(3 * DAY);

    expect((await deliveriesOf(shop, wish)).at(-1)).toMatchObject({ attempt: 16, status: 204 });
  });
});

/** An address at which nobody listens: it was given out and closed again. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${String(port)}/notify`;
}

/** An address that takes connections and never answers. */
async function silentAddress(): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/notify`;
}
