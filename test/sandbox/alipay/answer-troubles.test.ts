/** Every trouble of an answer, and of how a refund ends: it really happens, so often and no more, and the ledger is right. */
import { describe, expect, test } from 'vitest';
import type { Fields } from '../exchange.ts';
import { isRsa2, takeApart } from './merchant.ts';
import type { Shop, Wish } from './shop.ts';
import { DAY, openShop } from './shop.ts';

interface Setting {
  readonly shop: Shop;
  readonly wish: Wish;
}

async function setUp(trouble: Fields, source = 'wallet'): Promise<Setting> {
  const shop = await openShop();
  const wish = shop.wish(await shop.pay(1_000, { source }), '4.00');
  await shop.plan(wish, trouble);
  return { shop, wish };
}

function send({ shop, wish }: Setting, timeoutMs?: number) {
  return shop.callRaw('alipay.trade.refund', wish, timeoutMs === undefined ? {} : { timeoutMs });
}

function paidOut({ shop }: Setting): readonly bigint[] {
  const { paidOut: paid, doublePayments } = shop.sandbox.ledger();
  expect(doublePayments).toBe(0);
  return paid.map(({ amountMinor }) => amountMinor);
}

/** What really happened, as the record has it. */
async function record({ shop, wish }: Setting): Promise<readonly string[]> {
  const { troubles } = await shop.control('GET', `/troubles?refund_no=${wish.out_request_no}`);
  return (troubles as { applied: { what: string }[] }[]).flatMap(({ applied }) =>
    applied.map(({ what }) => what),
  );
}

const SUCCESS = { refund_status: 'REFUND_SUCCESS', refund_amount: '4.00' };
const SILENT = { code: '10000', msg: 'Success' };

describe('a lost answer', () => {
  test.each(['cut', 'half'])('%s: the refund is done all the same, and a repeat says N', async (how) => {
    const set = await setUp({ kind: 'lost_answer', how });

    await expect(send(set)).rejects.toThrow();
    const queried = await set.shop.query(set.wish);
    const again = await set.shop.refund(set.wish);

    expect(queried).toMatchObject(SUCCESS);
    expect(again['fund_change']).toBe('N');
    expect(paidOut(set)).toEqual([400n]);
    expect(await record(set)).toEqual(['the answer is lost, accepted']);
  });

  test('hang: nothing comes for as long as anybody waits', async () => {
    const set = await setUp({ kind: 'lost_answer', how: 'hang' });

    await expect(send(set, 300)).rejects.toThrow('timed out');
    expect(paidOut(set)).toEqual([400n]);
  });

  test('not accepted: the request got lost, and the repeat is the first', async () => {
    const set = await setUp({ kind: 'lost_answer', accepted: false, times: 2 });

    await expect(send(set)).rejects.toThrow();
    await expect(send(set)).rejects.toThrow();
    expect(await set.shop.query(set.wish)).toEqual(SILENT);
    expect(await set.shop.refund(set.wish)).toMatchObject({ fund_change: 'Y' });
    expect(paidOut(set)).toEqual([400n]);
  });
});

describe.each([
  [{ kind: 'error_5xx' }, 502, 'N'],
  [{ kind: 'error_5xx', status: 504, accepted: true }, 504, 'N'],
  [{ kind: 'error_5xx', accepted: false }, 502, 'Y'],
])('%j', (trouble, status, fundChange) => {
  test(`is HTTP ${String(status)}, and then fund_change ${fundChange}`, async () => {
    const set = await setUp(trouble);

    const answer = await send(set);
    const again = await set.shop.refund(set.wish);

    expect(answer.status).toBe(status);
    expect(takeApart(answer.bytes.toString('utf8')).sign).toBeNull();
    expect(again['fund_change']).toBe(fundChange);
    expect(paidOut(set)).toEqual([400n]);
  });
});

describe.each([
  [{ kind: 'system_error' }, '40004', 'ACQ.SYSTEM_ERROR', 'N'],
  [{ kind: 'system_error', accepted: false }, '40004', 'ACQ.SYSTEM_ERROR', 'Y'],
  [{ kind: 'system_error', code: 'aop.unknow-error' }, '20000', 'aop.unknow-error', 'N'],
])('%j', (trouble, code, subCode, fundChange) => {
  test(`is answered ${code} ${subCode}, signed, and then fund_change ${fundChange}`, async () => {
    const set = await setUp(trouble);

    const first = await set.shop.refund(set.wish);
    const again = await set.shop.refund(set.wish);

    expect(first).toMatchObject({ code, sub_code: subCode });
    expect(again['fund_change']).toBe(fundChange);
    expect(paidOut(set)).toEqual([400n]);
  });
});

describe('an answer that cannot be trusted', () => {
  test.each([
    ['refund', 'wrong_signature'],
    ['query', 'wrong_signature'],
    ['refund', 'unsigned'],
    ['query', 'unsigned'],
  ])('to %s is %s once, and what it says is true', async (on, kind) => {
    const set = await setUp({ kind, on });
    const { trade_no, out_request_no } = set.wish;
    const ask = () =>
      on === 'refund'
        ? send(set)
        : set.shop.callRaw('alipay.trade.fastpay.refund.query', { trade_no, out_request_no });
    if (on === 'query') await set.shop.refund(set.wish);

    const spoilt = takeApart((await ask()).bytes.toString('utf8'));
    const good = takeApart((await ask()).bytes.toString('utf8'));

    const { publicKeyPem } = set.shop.keys.channel;
    const holds = spoilt.sign !== null && isRsa2(spoilt.nodeText, spoilt.sign, publicKeyPem);
    expect(holds).toBe(false);
    expect(spoilt.sign === null).toBe(kind === 'unsigned');
    expect(isRsa2(good.nodeText, good.sign ?? '', publicKeyPem)).toBe(true);
    expect(JSON.parse(spoilt.nodeText)).toMatchObject({ code: '10000' });
    expect(paidOut(set)).toEqual([400n]);
  });
});

test.each(['refund', 'query'])('slow: the answer to %s takes as long as was planned', async (on) => {
  const set = await setUp({ kind: 'slow', on, ms: 300 });
  const began = Date.now();
  if (on === 'refund') await set.shop.refund(set.wish);
  else await set.shop.query(set.wish);

  expect(Date.now() - began).toBeGreaterThanOrEqual(290);
});

describe('fund_change N', () => {
  test('though it is done: the query knows', async () => {
    const set = await setUp({ kind: 'fund_change_n' });

    const node = await set.shop.refund(set.wish);

    expect(node).toMatchObject({ code: '10000', fund_change: 'N', refund_fee: '4.00' });
    expect(await set.shop.query(set.wish)).toMatchObject(SUCCESS);
    expect(paidOut(set)).toEqual([400n]);
  });

  test('and done later: silence until then, and repeats change nothing', async () => {
    const set = await setUp({ kind: 'fund_change_n', seconds: 90 });

    const first = await set.shop.refund(set.wish);
    const silent = await set.shop.query(set.wish);
    const again = await set.shop.refund(set.wish);
    await set.shop.turn(90);
    const done = await set.shop.query(set.wish);

    expect([first['fund_change'], again['fund_change']]).toEqual(['N', 'N']);
    expect(first['refund_fee']).toBe('0.00');
    expect(silent).toEqual(SILENT);
    expect(done).toMatchObject({ ...SUCCESS, gmt_refund_pay: '2026-09-01 10:01:30' });
    expect(paidOut(set)).toEqual([400n]);
  });
});

test('a silent query knows nothing so often, of a refund that is done', async () => {
  const set = await setUp({ kind: 'silent_query', times: 2 });
  await set.shop.refund(set.wish);

  const said = [1, 2, 3].map(() => set.shop.query(set.wish));

  expect((await Promise.all(said)).map((node) => node['refund_status'])).toEqual([
    undefined,
    undefined,
    'REFUND_SUCCESS',
  ]);
});

test('a silent query is not used up by questions about what is not there yet', async () => {
  const set = await setUp({ kind: 'silent_query' });
  await set.shop.query(set.wish);
  await set.shop.refund(set.wish);

  expect(await set.shop.query(set.wish)).toEqual(SILENT);
  expect(await set.shop.query(set.wish)).toMatchObject(SUCCESS);
});

test('another amount: every query names so much more, and the ledger does not', async () => {
  const set = await setUp({ kind: 'other_amount', fen: 5 });
  await set.shop.refund(set.wish);

  expect(await set.shop.query(set.wish)).toMatchObject({ refund_amount: '4.05' });
  expect(await set.shop.query(set.wish)).toMatchObject({ refund_amount: '4.05' });
  expect(paidOut(set)).toEqual([400n]);
});

describe('a refusal', () => {
  test.each([
    [{ kind: 'frequency_limited', times: 2 }, '40005', 'isv.app-call-limited'],
    [{ kind: 'not_enough', times: 2 }, '40004', 'ACQ.SELLER_BALANCE_NOT_ENOUGH'],
    [{ kind: 'refused', times: 2 }, '40004', 'ACQ.TRADE_NOT_ALLOW_REFUND'],
    [{ kind: 'refused', code: 'ACQ.REFUND_CHARGE_ERROR', times: 2 }, '40004', 'ACQ.REFUND_CHARGE_ERROR'],
  ])('%j happens twice, and then the refund is taken', async (trouble, code, subCode) => {
    const set = await setUp(trouble);

    const said = [await set.shop.refund(set.wish), await set.shop.refund(set.wish)];
    const good = await set.shop.refund(set.wish);

    expect(said).toMatchObject([
      { code, sub_code: subCode },
      { code, sub_code: subCode },
    ]);
    expect(good).toMatchObject({ fund_change: 'Y' });
  });

  test.each([
    [{ kind: 'buyer_error' }, 'ACQ.BUYER_ERROR'],
    [{ kind: 'refused', code: 'ACQ.ENTERPRISE_PAY_BIZ_ERROR' }, 'ACQ.ENTERPRISE_PAY_BIZ_ERROR'],
  ])('%j is for good', async (trouble, subCode) => {
    const set = await setUp(trouble);

    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await set.shop.refund(set.wish)).toMatchObject({ code: '40004', sub_code: subCode });
      await set.shop.turn(DAY);
    }
    expect(paidOut(set)).toEqual([]);
  });

  test('for want of money ends when somebody tops up after it was met', async () => {
    const set = await setUp({ kind: 'not_enough' });
    await set.shop.control('POST', '/top-up', { amount_minor: '1' });

    const short = await set.shop.refund(set.wish);
    await set.shop.control('POST', '/top-up', { amount_minor: '1' });

    expect(short).toMatchObject({ sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' });
    expect(await set.shop.refund(set.wish)).toMatchObject({ fund_change: 'Y' });
  });
});

describe('an end', () => {
  test('late_success is silence for days, and then success', async () => {
    const set = await setUp({ kind: 'late_success', days: 3 });
    await set.shop.refund(set.wish);
    await set.shop.turn(3 * DAY - 1);
    const silent = await set.shop.query(set.wish);
    await set.shop.turn(1);

    expect(silent).toEqual(SILENT);
    expect(await set.shop.query(set.wish)).toMatchObject(SUCCESS);
    expect(paidOut(set)).toEqual([400n]);
  });

  test('stuck is silence for ever, and the money stays under way', async () => {
    const set = await setUp({ kind: 'stuck' });
    await set.shop.refund(set.wish);
    await set.shop.turn(300 * DAY);

    expect(await set.shop.query(set.wish)).toEqual(SILENT);
    expect(await set.shop.refund(set.wish)).toMatchObject({ fund_change: 'N' });
    expect(paidOut(set)).toEqual([]);
    expect(set.shop.sandbox.ledger().balances[`in_transit:${set.shop.sandbox.merchantNo}`]).toBe(400n);
  });
});

describe('the way to the bank', () => {
  const statusOf = async ({ shop, wish }: Setting): Promise<unknown> =>
    ((await shop.query(wish))['deposit_back_info'] as Fields)['dback_status'];

  test.each([
    ['dback_failed', {}, 6 * DAY, 'P', 'F'],
    ['dback_slow', { days: 9 }, 9 * DAY, 'P', 'S'],
    ['dback_lost', {}, 300 * DAY, 'P', 'P'],
  ])('%s: first in hand, in the end what was planned', async (kind, fields, seconds, first, last) => {
    const set = await setUp({ kind, ...fields }, 'credit_card');
    await set.shop.refund(set.wish);

    const before = await statusOf(set);
    await set.shop.turn(seconds);

    expect([before, await statusOf(set)]).toEqual([first, last]);
    expect(await set.shop.query(set.wish)).toMatchObject(SUCCESS);
    expect(paidOut(set)).toEqual([400n]);
    expect(await record(set)).toEqual(['decided at acceptance']);
  });

  test('a slow one is still in hand when its estimate has passed', async () => {
    const set = await setUp({ kind: 'dback_slow' }, 'debit_card');
    await set.shop.refund(set.wish);
    await set.shop.turn(9 * DAY);

    const { deposit_back_info: info } = await set.shop.query(set.wish);
    const { dback_status: status, est_bank_receipt_time: estimate } = info as Record<string, string>;

    expect(status).toBe('P');
    expect(estimate !== undefined && estimate < '2026-09-09').toBe(true);
  });

  test('does not exist for a wallet: the trouble never happens', async () => {
    const set = await setUp({ kind: 'dback_failed' }, 'wallet');
    await set.shop.refund(set.wish);

    expect(await record(set)).toEqual([]);
  });
});

test('trouble for the next ones meets new numbers only', async () => {
  const shop = await openShop();
  const known = shop.wish(await shop.pay(1_000), '1.00');
  await shop.refund(known);
  await shop.control('POST', '/troubles', { next: 1, trouble: { kind: 'buyer_error' } });
  const fresh = shop.wish(await shop.pay(1_000), '1.00');

  expect(await shop.refund(known)).toMatchObject({ fund_change: 'N' });
  expect(await shop.refund(fresh)).toMatchObject({ sub_code: 'ACQ.BUYER_ERROR' });
});

test.each([
  'fund_change_n',
  'frequency_limited',
  'not_enough',
  'buyer_error',
  'refused',
  'late_success',
  'stuck',
  'dback_failed',
  'dback_slow',
  'dback_lost',
  'dback_told_pending',
  'callback_forged',
  'callback_foreign',
  'callback_lost',
  'callback_twice',
  'callback_out_of_order',
])('%s for a refund that was done is refused: it would never happen', async (kind) => {
  const shop = await openShop();
  const wish = shop.wish(await shop.pay(1_000), '1.00');
  await shop.refund(wish);

  const late = await shop.tryControl('POST', '/troubles', {
    refund_no: wish.out_request_no,
    trouble: { kind },
  });

  expect(late).toMatchObject({
    status: 422,
    json: { message: expect.stringContaining('too late') as unknown },
  });
});
