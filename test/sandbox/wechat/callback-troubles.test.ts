/** Planned trouble with notices: lost, twice, out of order, forged, probes; and what becomes of it on the record. */
import { describe, expect, test } from 'vitest';
import type { Receiver } from '../notice-receiver.ts';
import type { Opened } from './notice-receiver.ts';
import { openNotice, receiveNotices } from './notice-receiver.ts';
import type { Fields } from '../exchange.ts';
import type { Shop, Wish } from './shop.ts';
import { DAY, openShop } from './shop.ts';

interface Case {
  readonly shop: Shop;
  readonly receiver: Receiver;
  readonly wish: Wish;
}

/** A refund whose notices are received, with these troubles planned for it. */
async function refundWith(troubles: readonly Fields[], receiver?: Receiver): Promise<Case> {
  const shop = await openShop();
  const to = receiver ?? (await receiveNotices());
  const wish = shop.wish(await shop.pay(1_000), 1_000, { notify_url: to.url });
  for (const trouble of troubles) await shop.plan(wish.out_refund_no, trouble);
  await shop.refund(wish);
  return { shop, receiver: to, wish };
}

function opened({ shop, receiver }: Case): readonly Opened[] {
  return receiver.received.map((one) => openNotice(shop, one));
}

async function flavours({ shop }: Case): Promise<readonly unknown[]> {
  const { callbacks } = await shop.control('GET', '/callbacks');
  return (callbacks as Fields[]).map(({ flavour }) => flavour);
}

/** What really happened, by the record of the plan. */
async function record({ shop, wish }: Case): Promise<readonly string[]> {
  const { troubles } = await shop.control('GET', `/troubles?refund_no=${wish.out_refund_no}`);
  const all = troubles as { applied: { what: string }[] }[];
  return all.flatMap(({ applied }) => applied.map(({ what }) => what));
}

describe('lost', () => {
  test('F34 I3: no notice is ever sent, though the refund succeeds', async () => {
    const set = await refundWith([{ kind: 'callback_lost' }]);

    await set.shop.turn(10 * DAY);

    expect(set.receiver.received).toEqual([]);
    expect((await set.shop.query(set.wish.out_refund_no)).json['status']).toBe('SUCCESS');
    expect(await record(set)).toEqual(['REFUND.SUCCESS is not sent']);
  });

  test('it can be sent by hand afterwards', async () => {
    const set = await refundWith([{ kind: 'callback_lost' }]);
    await set.shop.turn(DAY);

    await set.shop.control('POST', '/callbacks/resend', { refund_no: set.wish.out_refund_no });
    await set.shop.turn(1);

    expect(opened(set)).toMatchObject([{ fault: null, content: { refund_status: 'SUCCESS' } }]);
  });
});

describe('twice', () => {
  test.each([
    [{ kind: 'callback_twice' }, 2],
    [{ kind: 'callback_twice', times: 15 }, 16],
  ])('F29 I15: %j comes %i times in all, with one id, though each was taken', async (trouble, count) => {
    const set = await refundWith([trouble]);

    await set.shop.turn(DAY);

    const all = opened(set);
    expect(all).toHaveLength(count);
    expect(new Set(all.map(({ envelope }) => envelope['id'])).size).toBe(1);
    expect(all.every(({ fault }) => fault === null)).toBe(true);
    expect(await flavours(set)).toEqual(['true', ...Array.from({ length: count - 1 }, () => 'again')]);
  });

  test('copies follow a notice that was taken, not one that was refused', async () => {
    const receiver = await receiveNotices();
    receiver.answers((no) => (no === 1 ? 500 : 204));
    const set = await refundWith([{ kind: 'callback_twice' }], receiver);

    await set.shop.turn(DAY);

    expect(await flavours(set)).toEqual(['true', 'true', 'again']);
  });
});

describe('out of order', () => {
  test('F32 I4: after the true notice an older one says ABNORMAL, genuinely signed', async () => {
    const set = await refundWith([{ kind: 'callback_out_of_order' }]);

    await set.shop.turn(DAY);

    const [first, second, ...rest] = opened(set);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ fault: null, content: { refund_status: 'SUCCESS' } });
    expect(second).toMatchObject({ fault: null, content: { refund_status: 'ABNORMAL' } });
    expect(second?.envelope['id']).not.toBe(first?.envelope['id']);
    expect(String(second?.envelope['create_time']) < String(first?.envelope['create_time'])).toBe(true);
    expect((await set.shop.query(set.wish.out_refund_no)).json['status']).toBe('SUCCESS');
  });

  test('the older one is not repeated when it is refused', async () => {
    const receiver = await receiveNotices();
    receiver.answers((no) => (no === 2 ? 500 : 204));
    const set = await refundWith([{ kind: 'callback_out_of_order' }], receiver);

    await set.shop.turn(2 * DAY);

    expect(receiver.received).toHaveLength(2);
  });
});

describe('forged', () => {
  test('F35 I15: a stranger reports SUCCESS first, under the name of the real key', async () => {
    const set = await refundWith([{ kind: 'callback_forged' }]);
    set.receiver.answers((_, notice) => (openNotice(set.shop, notice).fault === null ? 204 : 401));

    await set.shop.turn(DAY);

    const [forged, genuine, ...rest] = opened(set);
    expect(rest).toEqual([]);
    expect(forged).toMatchObject({ fault: 'wrong signature', content: { refund_status: 'SUCCESS' } });
    expect(genuine).toMatchObject({ fault: null });
    expect(set.receiver.received[0]?.headers['wechatpay-serial']).toBe(set.shop.sandbox.keys.publicKeyId);
    expect(await record(set)).toContain('refused by the receiver');
  });

  test('a receiver that believes it is told so on the record', async () => {
    const set = await refundWith([{ kind: 'callback_forged' }]);

    await set.shop.turn(DAY);

    expect(await record(set)).toContain('BELIEVED by the receiver');
  });

  test('it comes for refunds that never succeed, and the ledger knows nothing of it', async () => {
    const set = await refundWith([{ kind: 'callback_forged' }, { kind: 'stuck' }]);

    await set.shop.turn(DAY);

    expect(opened(set)).toMatchObject([{ fault: 'wrong signature', content: { refund_status: 'SUCCESS' } }]);
    expect(set.shop.sandbox.ledger().paidOut).toEqual([]);
  });
});

describe('probes', () => {
  test.each([
    [{ kind: 'callback_probe' }, 1],
    [{ kind: 'callback_probe', times: 3 }, 3],
  ])('%j: a merchant that refuses them gets the true notice after %i', async (trouble, probes) => {
    const set = await refundWith([trouble]);
    set.receiver.answers((_, notice) => (openNotice(set.shop, notice).fault === null ? 204 : 401));

    await set.shop.turn(DAY);

    const faults = opened(set).map(({ fault }) => fault);
    expect(faults).toEqual([...Array.from({ length: probes }, () => 'probe'), null]);
    const header = String(set.receiver.received[0]?.headers['wechatpay-signature']);
    expect(header.startsWith('WECHATPAY/SIGNTEST/')).toBe(true);
    expect(await record(set)).toContain('refused by the receiver');
  });

  test('a merchant that takes a probe gets the true notice all the same, and the record tells on it', async () => {
    const set = await refundWith([{ kind: 'callback_probe' }]);

    await set.shop.turn(DAY);

    expect(opened(set).map(({ fault }) => fault)).toEqual(['probe', null]);
    expect(await record(set)).toContain('BELIEVED by the receiver');
  });
});

describe('another amount', () => {
  test('F33 I5: the notice names it as the answers do, genuinely signed', async () => {
    const set = await refundWith([{ kind: 'other_amount', fen: 5 }]);

    await set.shop.turn(DAY);

    expect(opened(set)).toMatchObject([
      { fault: null, content: { amount: { total: 1_000, refund: 1_005, payer_refund: 1_005 } } },
    ]);
  });
});

describe('sending again by hand', () => {
  test('repeats the notice of an ended refund with its id', async () => {
    const set = await refundWith([]);
    await set.shop.turn(DAY);

    await set.shop.control('POST', '/callbacks/resend', { refund_no: set.wish.out_refund_no });
    await set.shop.turn(1);

    const all = opened(set);
    expect(all).toHaveLength(2);
    expect(all[1]?.envelope['id']).toBe(all[0]?.envelope['id']);
  });

  test('is refused for a refund that is unknown or has not ended', async () => {
    const set = await refundWith([{ kind: 'stuck' }]);

    const unknown = await set.shop.tryControl('POST', '/callbacks/resend', { refund_no: 'RF-none' });
    const open = await set.shop.tryControl('POST', '/callbacks/resend', {
      refund_no: set.wish.out_refund_no,
    });

    expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
    expect(open).toMatchObject({ status: 404, json: { code: 'not_found' } });
    expect(set.receiver.received).toEqual([]);
  });
});
