/** Planned trouble with calls: answers lost, late, wrongly signed, and refusals; one refund all the same, or none. */
import { describe, expect, test } from 'vitest';
import { signatureFault } from './merchant.ts';
import type { Fields } from '../exchange.ts';
import type { Said, Shop, Wish } from './shop.ts';
import { openShop } from './shop.ts';

const CREATE = '/v3/refund/domestic/refunds';

async function planned(shop: Shop, ...troubles: readonly Fields[]): Promise<Wish> {
  const wish = shop.wish(await shop.pay(1_000), 1_000);
  for (const trouble of troubles) await shop.plan(wish.out_refund_no, trouble);
  return wish;
}

async function tell(call: Promise<Said>): Promise<unknown> {
  return call.then(({ status }) => status).catch(() => 'nothing');
}

/** What the merchant was told on each sending of the same request. */
async function sendTimes(shop: Shop, wish: Wish, times: number): Promise<readonly unknown[]> {
  const told: unknown[] = [];
  for (let round = 0; round < times; round += 1) told.push(await tell(shop.refund(wish)));
  return told;
}

async function record(shop: Shop, wish: Wish): Promise<readonly string[]> {
  const { troubles } = await shop.control('GET', `/troubles?refund_no=${wish.out_refund_no}`);
  const all = troubles as { applied: { what: string }[] }[];
  return all.flatMap(({ applied }) => applied.map(({ what }) => what));
}

async function paidOut(shop: Shop): Promise<unknown> {
  await shop.turn(300);
  return shop.sandbox.ledger().paidOut.map(({ refundNo, count }) => ({ refundNo, count }));
}

describe('lost answers', () => {
  test.each([
    ['cut before it begins', {}],
    ['cut before it begins', { how: 'cut' }],
    ['broken off in the middle', { how: 'half' }],
  ])('F1 F5 I1: one that is %s hides a refund that was accepted', async (_, how) => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'lost_answer', ...how });

    const told = await sendTimes(shop, wish, 2);

    expect(told).toEqual(['nothing', 200]);
    expect((await shop.query(wish.out_refund_no)).status).toBe(200);
    expect(shop.sandbox.refunds()).toMatchObject([{ attempts: 2 }]);
    expect(await paidOut(shop)).toEqual([{ refundNo: wish.out_refund_no, count: 1 }]);
    expect(await record(shop, wish)).toEqual(['the answer is lost, accepted']);
  });

  test('F5: half of an answer is really sent: the length is promised and not kept', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'lost_answer', how: 'half' });

    await expect(shop.refund(wish)).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });

  test('F1 I7: one that hangs is over when the merchant gives up, and the refund is there', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'lost_answer', how: 'hang' });

    const told = await tell(shop.refund(wish, { timeoutMs: 150 }));

    expect(told).toBe('nothing');
    expect((await shop.query(wish.out_refund_no)).status).toBe(200);
  });

  test('F2 I1: a request that is lost leaves no refund, and the next one is taken', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'lost_answer', accepted: false });

    const told = await tell(shop.refund(wish));
    const queried = await shop.query(wish.out_refund_no);
    const again = await shop.refund(wish);

    expect([told, queried.status, again.status]).toEqual(['nothing', 404, 200]);
    expect(shop.sandbox.refunds()).toMatchObject([{ attempts: 1 }]);
  });

  test('times says how often', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'lost_answer', times: 3 });

    expect(await sendTimes(shop, wish, 4)).toEqual(['nothing', 'nothing', 'nothing', 200]);
    expect(await paidOut(shop)).toEqual([{ refundNo: wish.out_refund_no, count: 1 }]);
  });
});

describe('answers of 5xx', () => {
  test.each([
    [{}, 500],
    [{ status: 502 }, 502],
    [{ status: 503 }, 503],
    [{ status: 504 }, 504],
  ])('F3 I1: %j hides a refund that was accepted behind %i', async (more, status) => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'error_5xx', ...more });

    const first = await shop.refund(wish);
    const again = await shop.refund(wish);

    expect(first).toMatchObject({ status, json: { code: 'SYSTEM_ERROR' }, signedBy: null });
    expect(again.status).toBe(200);
    expect(await paidOut(shop)).toEqual([{ refundNo: wish.out_refund_no, count: 1 }]);
  });

  test('F2: not accepted, it leaves no refund', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'error_5xx', accepted: false, times: 2 });

    const told = await sendTimes(shop, wish, 2);
    const between = shop.sandbox.refunds().length;
    const third = await shop.refund(wish);

    expect([told, between, third.status]).toEqual([[500, 500], 0, 200]);
  });
});

describe('answers that nobody may believe', () => {
  test.each([
    ['wrong_signature', 'wrong signature'],
    ['probe', 'probe'],
  ])('F4 I7: %s to the create call comes over a refund that was accepted', async (kind, fault) => {
    const shop = await openShop();
    const wish = await planned(shop, { kind });

    const spoilt = await shop.callRaw('POST', CREATE, { body: wish });
    const again = await shop.refund(wish);

    expect(spoilt.status).toBe(200);
    expect(signatureFault(spoilt.headers, spoilt.bytes, shop.knownKeys())).toBe(fault);
    expect(again.status).toBe(200);
    expect(shop.sandbox.refunds()).toHaveLength(1);
  });

  test.each(['wrong_signature', 'probe'])(
    'F4: %s can be planned for queries, as often as wished',
    async (kind) => {
      const shop = await openShop();
      const wish = await planned(shop, { kind, on: 'query', times: 2 });
      const created = await shop.refund(wish);

      const faults: (string | null)[] = [];
      for (let round = 0; round < 3; round += 1) {
        const answer = await shop.callRaw('GET', `${CREATE}/${wish.out_refund_no}`);
        faults.push(signatureFault(answer.headers, answer.bytes, shop.knownKeys()));
      }

      expect(created.status).toBe(200);
      expect(faults.map((fault) => fault === null)).toEqual([false, false, true]);
    },
  );

  test('a probe differs from a genuine signature in its mark alone', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'probe' });

    const { headers } = await shop.callRaw('POST', CREATE, { body: wish });

    expect(headers['wechatpay-signature']).toMatch(/^WECHATPAY\/SIGNTEST\/[0-9A-Za-z+/=]{300,}$/);
    expect(headers['wechatpay-serial']).toBe(shop.sandbox.keys.publicKeyId);
  });
});

describe('slow answers', () => {
  test('F86: come later than a merchant waits who waits too little, and the refund is there', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'slow', ms: 30_000 });

    const told = await tell(shop.refund(wish, { timeoutMs: 150 }));

    expect(told).toBe('nothing');
    expect((await shop.query(wish.out_refund_no)).json['status']).toBe('PROCESSING');
  });

  test('take the time that was planned, and are genuine', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'slow', ms: 200, on: 'query' });
    await shop.refund(wish);
    const before = performance.now();

    const { status } = await shop.query(wish.out_refund_no);

    expect(status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(199);
  });
});

describe('refusals for now', () => {
  test('F11 I3: frequency_limited is 429, and the same number is taken afterwards', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'frequency_limited', times: 2 });

    const first = await shop.refund(wish);
    const told = await sendTimes(shop, wish, 2);

    expect(first).toMatchObject({ status: 429, json: { code: 'FREQUENCY_LIMITED' } });
    expect(told).toEqual([429, 200]);
  });

  test('F12 I3: not_enough lasts until the merchant is topped up, however often it is tried', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'not_enough' });

    const first = await shop.refund(wish);
    const told = await sendTimes(shop, wish, 3);
    await shop.control('POST', '/top-up', { amount_minor: '1' });
    const after = await sendTimes(shop, wish, 1);

    expect(first).toMatchObject({ status: 403, json: { code: 'NOT_ENOUGH' } });
    expect([told, after]).toEqual([[403, 403, 403], [200]]);
    expect(await record(shop, wish)).toHaveLength(4);
  });

  test('F12: a top-up before it was met ends nothing', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'not_enough' });

    await shop.control('POST', '/top-up', { amount_minor: '1' });

    expect(await sendTimes(shop, wish, 1)).toEqual([403]);
  });

  test('not_enough with times ends by itself', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'not_enough', times: 1 });

    expect(await sendTimes(shop, wish, 2)).toEqual([403, 200]);
  });

  test.each([
    [{}, 403, 'USER_ACCOUNT_ABNORMAL'],
    [{ code: 'NO_AUTH' }, 403, 'NO_AUTH'],
    [{ status: 400, code: 'INVALID_REQUEST' }, 400, 'INVALID_REQUEST'],
    [{ status: 404, code: 'MCH_NOT_EXISTS' }, 404, 'MCH_NOT_EXISTS'],
  ])('refused %j is answered %i %s, for ever', async (more, status, code) => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'refused', ...more });

    const first = await shop.refund(wish);

    expect(first).toMatchObject({ status, json: { code } });
    expect(await sendTimes(shop, wish, 3)).toEqual([status, status, status]);
    expect(shop.sandbox.refunds()).toEqual([]);
  });

  test('refused with times is a passing hold', async () => {
    const shop = await openShop();
    const wish = await planned(shop, { kind: 'refused', times: 1 });

    expect(await sendTimes(shop, wish, 2)).toEqual([403, 200]);
  });
});

describe('planning', () => {
  test('several troubles of one refund all happen, each in its place', async () => {
    const shop = await openShop();
    const wish = await planned(
      shop,
      { kind: 'frequency_limited' },
      { kind: 'lost_answer' },
      { kind: 'closed' },
    );

    const told = await sendTimes(shop, wish, 3);
    await shop.turn(300);

    expect(told).toEqual([429, 'nothing', 200]);
    expect((await shop.query(wish.out_refund_no)).json['status']).toBe('CLOSED');
  });

  test('trouble for the next numbers befalls new ones in their order, and nobody else', async () => {
    const shop = await openShop();
    const own = await planned(shop, { kind: 'frequency_limited' });
    const wishes = [await planned(shop), await planned(shop), await planned(shop)];
    await shop.control('POST', '/troubles', { next: 2, trouble: { kind: 'error_5xx' } });

    const told = [];
    for (const wish of [own, ...wishes]) told.push(await sendTimes(shop, wish, 2));

    expect(told).toEqual([
      [429, 200],
      [500, 200],
      [500, 200],
      [200, 200],
    ]);
  });

  test('a request that is not genuine does not use up a trouble', async () => {
    const shop = await openShop();
    const wish = await planned(shop);
    await shop.control('POST', '/troubles', { next: 1, trouble: { kind: 'error_5xx' } });

    const unsigned = await shop.callRaw('POST', CREATE, { body: wish, headers: { authorization: 'x' } });
    const told = await sendTimes(shop, wish, 2);

    expect(unsigned.status).toBe(401);
    expect(told).toEqual([500, 200]);
  });

  test('a trouble that decides the end is on the record once, also when the balance was short at first', async () => {
    const shop = await openShop({ balanceMinor: 0n });
    const wish = await planned(shop, { kind: 'closed' });
    await shop.control('POST', '/withdraw', { amount_minor: '994' });

    const short = await sendTimes(shop, wish, 2);
    await shop.control('POST', '/top-up', { amount_minor: '994' });
    await shop.refund(wish);

    expect(short).toEqual([403, 403]);
    expect(await record(shop, wish)).toEqual(['decided at acceptance']);
  });
});
