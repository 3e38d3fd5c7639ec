/** Quotes over HTTP: what the shop owes, what it refuses to work out, and the refund that cites one. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { QuoteResource } from '../../api/quote-resource.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { ask, call, newPayment, newRefundNo, problemIn, refundIn, refundRows } from './calls.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest();
});

afterAll(async () => {
  await api.close();
});

beforeEach(() => {
  api.clock.at = NOW;
});

const HOUR_MS = 3_600_000;
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

const RECORD = { at: '2026-11-10T12:00:00+08:00', what: '登录并消费 30 元' };
const CARD = { kind: 'single', value_minor: '10000', used_minor: '3000', usage_record: RECORD };
const MEMBERSHIP = { kind: 'renewal', from: '2026-11-01', until: '2026-11-30', announced_on: '2026-10-25' };
/** Nobody announced it: for two people. */
const UNANNOUNCED = { kind: 'renewal', from: '2026-11-01', until: '2026-11-30' };

let items = 0;
function pair() {
  items += 1;
  const names = { card: `CARD-${String(items)}`, gift: `GIFT-${String(items)}` };
  const both = [
    { item_no: names.card, value_minor: '9000', used_minor: '0' },
    { item_no: names.gift, value_minor: '1000', used_minor: '0', gift: true },
  ];
  return { ...names, bundle: { kind: 'bundle', items: both } };
}

function quote(
  paymentNo: string,
  purchase: object,
  o: { key?: string; currency?: string } = {},
): Promise<Answer> {
  return call(api, '/v1/quotes', {
    method: 'POST',
    body: { payment_no: paymentNo, currency: o.currency ?? 'CNY', purchase },
    ...(o.key === undefined ? {} : { key: o.key }),
  });
}

async function quoted(paymentNo: string, purchase: object): Promise<QuoteResource> {
  const answer = await quote(paymentNo, purchase);
  expect(answer.status, answer.text).toBe(201);
  return answer.json as QuoteResource;
}

async function read(quoteId: string): Promise<QuoteResource> {
  const answer = await call(api, `/v1/quotes/${quoteId}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as QuoteResource;
}

/** A refund of `quote`, of its payment and amount unless said otherwise. */
function cite(of: QuoteResource, o: { payment_no?: string; amount_minor?: string; refund_no?: string } = {}) {
  return ask(api, {
    refund_no: o.refund_no ?? newRefundNo(),
    payment_no: o.payment_no ?? of.payment_no,
    amount_minor: o.amount_minor ?? of.total_minor,
    currency: 'CNY',
    quote_id: of.quote_id,
  });
}

async function quoteRows(): Promise<number> {
  const { rows } = await api.database.pool.query<{ n: bigint }>('select count(*) as n from quotes');
  return Number(rows[0]?.n);
}

describe('a quote', () => {
  test('says what the shop owes, line by line, by which version of the policy, until when, and when the money is there', async () => {
    const payment = await newPayment(api);
    const answer = await quote(payment, { ...CARD, fee_bps: 500 });

    const made = answer.json as QuoteResource;
    expect(made).toMatchObject({
      ...{ payment_no: payment, kind: 'single', currency: 'CNY', refund_no: null },
      ...{ paid_minor: '10000', refunded_minor: '0', total_minor: '6650', policy_version: '2026-11' },
      purchase: { ...CARD, fee_bps: 500 },
      review: { state: 'automatic', reasons: [], opened_at: null, due_at: null, late: false },
      promise: { basis: 'channel_window', provisional: false },
      ...{ quoted_at: NOW.toISOString(), expires_at: later(2 * HOUR_MS).toISOString() },
    });
    expect(made.lines.map((line) => [line.kind, line.amount_minor, line.rule.name])).toEqual([
      ['paid', '10000', 'payment'],
      ['used', '-3000', 'unused_part'],
      ['fee', '-350', 'shown_fee'],
    ]);
    expect(made.lines[1]?.says.zh).toContain('2026-11-10 12:00:00');
    expect(answer.headers['location']).toBe(`/v1/quotes/${made.quote_id}`);
    expect(await read(made.quote_id)).toEqual(made);
  });

  test('of a renewal takes today as the day of stopping unless another one is given, and keeps which', async () => {
    const payment = await newPayment(api, '3000');
    const made = await quoted(payment, MEMBERSHIP);
    // 24 November: 23 of the 30 days have passed.
    expect(made).toMatchObject({ total_minor: '700', purchase: { stopped_on: '2026-11-24' } });
    expect(await quoted(payment, { ...MEMBERSHIP, stopped_on: '2026-11-11' })).toMatchObject({
      total_minor: '2000',
    });
  });

  test('deducts what was refunded before', async () => {
    const payment = await newPayment(api);
    refundIn(await ask(api, { payment_no: payment, amount_minor: '2000', currency: 'CNY' }));
    expect(await quoted(payment, CARD)).toMatchObject({ refunded_minor: '2000', total_minor: '5000' });
  });

  test('promises 24 hours where the channel has the money there within a day', async () => {
    const payment = await newPayment(api);
    await api.database.owner.query(`update payments set funding_source = 'wallet' where payment_no = $1`, [
      payment,
    ]);
    const { promise } = await quoted(payment, CARD);
    expect(promise).toMatchObject({ basis: 'shop', by: later(24 * HOUR_MS).toISOString() });
  });

  test('is seen by its own merchant only', async () => {
    const payment = await newPayment(api);
    const { quote_id: id } = await quoted(payment, CARD);
    problemIn(await call(api, `/v1/quotes/${id}`, { key: api.keys.m2 }), 'not_found');
    problemIn(await quote(payment, CARD, { key: api.keys.m2 }), 'payment_unknown');
    problemIn(await call(api, '/v1/quotes/999999'), 'not_found');
    problemIn(await call(api, '/v1/quotes/x'), 'request_invalid');
  });
});

describe('facts that cannot be are refused, and leave no row:', () => {
  const two = [
    { item_no: 'A', value_minor: '1', used_minor: '0' },
    { item_no: 'B', value_minor: '1', used_minor: '0' },
  ];
  test.each<[string, ErrorCode, object]>([
    ['more used than bought', 'quote_use_exceeds_purchase', { ...CARD, used_minor: '10001' }],
    ['a fraction used', 'amount_invalid', { ...CARD, used_minor: '30.5' }],
    ['a number for an amount', 'amount_invalid', { ...CARD, used_minor: 3000 }],
    ['less than nothing used', 'amount_invalid', { ...CARD, used_minor: '-1' }],
    ['a value of nothing', 'amount_invalid', { ...CARD, value_minor: '0' }],
    ['a value that is missing', 'request_invalid', { ...CARD, value_minor: undefined }],
    ['a fraction of a fee', 'request_invalid', { ...CARD, fee_bps: 0.5 }],
    ['a fee below nothing', 'request_invalid', { ...CARD, fee_bps: -1 }],
    ['a fee above 10 %', 'quote_fee_too_high', { ...CARD, fee_bps: 1001 }],
    [
      'a record of the future',
      'request_invalid',
      { ...CARD, usage_record: { ...RECORD, at: '2026-11-25T00:00:00Z' } },
    ],
    ['a period that ends before it begins', 'quote_period_invalid', { ...MEMBERSHIP, until: '2026-10-31' }],
    ['stopped after the period', 'quote_use_exceeds_purchase', { ...MEMBERSHIP, until: '2026-11-20' }],
    ['stopped in the future', 'request_invalid', { ...MEMBERSHIP, stopped_on: '2026-11-25' }],
    ['announced in the future', 'request_invalid', { ...MEMBERSHIP, announced_on: '2026-11-25' }],
    ['a day that is none', 'request_invalid', { ...MEMBERSHIP, from: '2026-02-30' }],
    [
      'an item that is not in the bundle',
      'quote_item_unknown',
      { kind: 'bundle', items: two, return_item_no: 'C' },
    ],
    ['an item twice', 'request_invalid', { kind: 'bundle', items: [two[0], two[0]] }],
    ['no items', 'request_invalid', { kind: 'bundle', items: [] }],
    ['another kind', 'request_invalid', { kind: 'gift' }],
    ['a fact that nobody knows', 'request_invalid', { ...CARD, goodwill: true }],
    [
      'a whole card number',
      'request_invalid',
      { ...CARD, usage_record: { ...RECORD, what: '卡号 4111111111111111' } },
    ],
  ])('%s', async (_what, code, purchase) => {
    const payment = await newPayment(api);
    const rows = await quoteRows();
    problemIn(await quote(payment, purchase), code);
    expect(await quoteRows()).toBe(rows);
  });

  test('a payment that nobody knows, and another currency', async () => {
    const rows = await quoteRows();
    problemIn(await quote('PAY-unknown', CARD), 'payment_unknown');
    problemIn(await quote(await newPayment(api), CARD, { currency: 'USD' }), 'currency_mismatch');
    expect(await quoteRows()).toBe(rows);
  });

  test('an item of another payment, as long as its quote can be cited or was', async () => {
    const [mine, other] = [await newPayment(api), await newPayment(api)];
    const { bundle } = pair();
    const first = await quoted(mine, bundle);
    problemIn(await quote(other, bundle), 'quote_item_foreign');
    refundIn(await cite(first));
    api.clock.at = later(3 * HOUR_MS);
    problemIn(await quote(other, bundle), 'quote_item_foreign');
    const unused = pair();
    await quoted(mine, unused.bundle);
    api.clock.at = later(6 * HOUR_MS);
    expect((await quote(other, unused.bundle)).status).toBe(201);
  });
});

describe('a refund that cites a quote', () => {
  test('names it, and the quote names the refund', async () => {
    const made = await quoted(await newPayment(api), CARD);
    const refund = refundIn(await cite(made));
    expect(refund).toMatchObject({ quote_id: made.quote_id, amount_minor: '7000', state: 'requested' });
    expect(await read(made.quote_id)).toMatchObject({ refund_no: refund.refund_no, total_minor: '7000' });
  });

  test('is the same refund when it is asked for again, also after the quote has expired', async () => {
    const made = await quoted(await newPayment(api), CARD);
    const refund_no = newRefundNo();
    expect((await cite(made, { refund_no })).status).toBe(201);
    api.clock.at = later(3 * HOUR_MS);
    expect((await cite(made, { refund_no })).status).toBe(200);
    const without = { refund_no, payment_no: made.payment_no, amount_minor: '7000', currency: 'CNY' };
    problemIn(await ask(api, without), 'refund_conflict');
  });

  test('asks for exactly its total, of its payment, of this merchant: else nothing is recorded', async () => {
    const made = await quoted(await newPayment(api), CARD);
    const rows = await refundRows(api);
    problemIn(await cite(made, { amount_minor: '6999' }), 'quote_amount_differs');
    problemIn(await cite(made, { amount_minor: '7001' }), 'quote_amount_differs');
    problemIn(await cite(made, { payment_no: await newPayment(api) }), 'quote_payment_differs');
    problemIn(await cite({ ...made, quote_id: '999999' }), 'quote_unknown');
    expect(await refundRows(api)).toBe(rows);
    expect((await cite(made)).status).toBe(201);
  });

  test('comes before it expires', async () => {
    const made = await quoted(await newPayment(api), CARD);
    api.clock.at = later(2 * HOUR_MS);
    problemIn(await cite(made), 'quote_expired');
    api.clock.at = later(2 * HOUR_MS - 1);
    expect((await cite(made)).status).toBe(201);
  });

  test('comes before anything else is refunded of the payment', async () => {
    const payment = await newPayment(api);
    const [one, other] = [await quoted(payment, CARD), await quoted(payment, CARD)];
    expect((await cite(one)).status).toBe(201);
    problemIn(await cite(other), 'quote_outdated');
    problemIn(await cite(one), 'quote_used');
  });

  test('of one item gives it back once, and the rest with the next quote', async () => {
    const payment = await newPayment(api);
    const { card, gift, bundle } = pair();
    refundIn(await cite(await quoted(payment, { ...bundle, return_item_no: gift })));
    problemIn(await quote(payment, { ...bundle, return_item_no: gift }), 'quote_item_returned');
    const rest = await quoted(payment, { ...bundle, return_item_no: card });
    expect(rest.total_minor).toBe('9000');
    expect(await quoted(payment, bundle)).toMatchObject({ total_minor: '9000', refunded_minor: '1000' });
    refundIn(await cite(rest));
    expect(await quoted(payment, bundle)).toMatchObject({ total_minor: '0' });
  });

  test('F19 is one, whoever cites the quote at the same time', async () => {
    const made = await quoted(await newPayment(api), { ...CARD, used_minor: '6000' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => cite(made)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) problemIn(answer, 'quote_used');
  });
});

describe('a quote outside of the rules', () => {
  interface Approval {
    readonly id: string;
    readonly fingerprint: string;
  }

  async function askFor(refundNo: string, act: object): Promise<Approval> {
    const answer = await call(api, '/v1/approvals', {
      ...{ method: 'POST', key: api.people.alice },
      body: { refund_nos: [refundNo], reason: 'the renewal was not announced', ...act },
    });
    expect(answer.status, answer.text).toBe(201);
    return answer.json as Approval;
  }

  function approve({ id, fingerprint }: Approval, key = api.people.bob): Promise<Answer> {
    const body = { verdict: 'approved', fingerprint, reason: 'I saw the order' };
    return call(api, `/v1/approvals/${id}/decision`, { method: 'POST', key, body });
  }

  test('says why, and the clock of its review begins with the refund that cites it', async () => {
    const made = await quoted(await newPayment(api), UNANNOUNCED);
    expect(made.review).toMatchObject({ state: 'not_cited', due_at: null });
    expect(made.review.reasons.map(({ code }) => code)).toEqual(['renewal_unannounced']);

    const refund = refundIn(await cite(made));
    expect(refund).toMatchObject({ state: 'needs_action', state_reason: 'over_limit' });
    api.clock.at = later(1.5 * HOUR_MS);
    expect((await read(made.quote_id)).review).toMatchObject({
      ...{ state: 'open', opened_at: NOW.toISOString(), due_at: later(2 * HOUR_MS).toISOString() },
      ...{ open_for_seconds: 5_400, late: false, decided_at: null },
    });
    api.clock.at = later(2 * HOUR_MS + 1_000);
    expect((await read(made.quote_id)).review).toMatchObject({
      state: 'open',
      open_for_seconds: 7_201,
      late: true,
    });
    expect(refundIn(await call(api, `/v1/refunds/${refund.refund_no}`)).state).toBe('needs_action');
  });

  test('I20 is released by a second person, by the one mechanism that there is', async () => {
    const made = await quoted(await newPayment(api), UNANNOUNCED);
    const { refund_no: refundNo } = refundIn(await cite(made));
    const approval = await askFor(refundNo, { act: 'release_refund' });
    problemIn(await approve(approval, api.people.alice), 'approval_own');

    api.clock.at = later(HOUR_MS);
    expect((await approve(approval)).status).toBe(200);
    expect(refundIn(await call(api, `/v1/refunds/${refundNo}`)).state).toBe('requested');
    api.clock.at = later(9 * HOUR_MS);
    expect((await read(made.quote_id)).review).toMatchObject({
      ...{ state: 'decided', decided_at: later(HOUR_MS).toISOString(), open_for_seconds: 3_600, late: false },
    });
  });

  test('is not paid where two people say so, which ends the review; the next quote owes all of it', async () => {
    const payment = await newPayment(api);
    const made = await quoted(payment, UNANNOUNCED);
    const { refund_no: refundNo } = refundIn(await cite(made));
    const act = { act: 'resolve_refund', as: 'not_paid', proof: 'ticket 8841' };
    const approval = await askFor(refundNo, act);
    api.clock.at = later(3 * HOUR_MS);
    expect((await approve(approval)).status).toBe(200);

    expect((await read(made.quote_id)).review).toMatchObject({
      state: 'decided',
      open_for_seconds: 10_800,
      late: true,
    });
    expect(refundIn(await call(api, `/v1/refunds/${refundNo}`)).state).toBe('failed');
    expect(await quoted(payment, UNANNOUNCED)).toMatchObject({ refunded_minor: '0', total_minor: '10000' });
  });

  test('is the same for a sum above the limit; one within the rules is sent without anybody', async () => {
    const large = await quoted(await newPayment(api, '60000'), { ...CARD, used_minor: '0' });
    expect(large.review.reasons.map(({ code }) => code)).toEqual(['large_sum']);
    const refund = refundIn(await cite(large));
    expect(refund.state).toBe('needs_action');
    const answer = await call(api, `/v1/refunds/${refund.refund_no}/observations`);
    expect(answer.json).toMatchObject({
      observations: [{ kind: 'over_limit', facts: { limits: ['quote_policy'] } }],
    });
  });
});
