/**
 * One trouble at a time, walked to its end on the whole system: real engines, the sandbox's real protocol, everything seen
 * from outside. What each refund must end as is written by hand from docs and design, never read from a run.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Asked, Shop } from './shop.ts';
import { openShop, until } from './shop.ts';

const SEED = 7;
/** A bill comes before it is issued anew, two days later, also where a slow machine needs some seconds for a day's bills. */
const DAYS_PER_SECOND = 0.35;

vi.setConfig({ testTimeout: 90_000 });

let shop: Shop;

/** Every refund of this file is asked for at once, so that their days pass together. */
const asked = new Map<string, Asked>();

function one(name: string): Asked {
  const found = asked.get(name);
  if (found === undefined) throw new Error(`nobody asked for ${name}`);
  return found;
}

beforeAll(async () => {
  shop = await openShop({ seed: SEED, daysPerSecond: DAYS_PER_SECOND });
  const ask = async (name: string, o?: Parameters<Shop['ask']>[1]): Promise<void> => {
    asked.set(name, await shop.ask(name, o));
  };
  await Promise.all([
    ask('plain'),
    ask('lost', { trouble: { kind: 'lost_answer' } }),
    ask('lost-unseen', { trouble: { kind: 'lost_answer', accepted: false } }),
    ask('half', { trouble: { kind: 'lost_answer', how: 'half' } }),
    ask('server-error', { trouble: { kind: 'error_5xx', status: 502 } }),
    ask('bad-signature', { trouble: { kind: 'wrong_signature' } }),
    ask('probe', { trouble: { kind: 'probe' } }),
    ask('frequency', { trouble: { kind: 'frequency_limited', times: 2 } }),
    ask('short', { trouble: { kind: 'not_enough' } }),
    ask('refused', { trouble: { kind: 'refused', status: 403, code: 'USER_ACCOUNT_ABNORMAL' } }),
    ask('dead-card', { trouble: { kind: 'abnormal' }, source: 'debit_card' }),
    ask('closed', { trouble: { kind: 'closed' }, amountMinor: 10_000n }),
    ask('stuck', { trouble: { kind: 'stuck' }, source: 'debit_card' }),
    ask('silent', { trouble: { kind: 'callback_lost' } }),
    ask('twice', { trouble: { kind: 'callback_twice', times: 3 } }),
    ask('out-of-order', { trouble: { kind: 'callback_out_of_order' } }),
    ask('forged', { trouble: { kind: 'callback_forged' }, source: 'debit_card' }),
    ask('signtest', { trouble: { kind: 'callback_probe' } }),
    ask('other-amount', { trouble: { kind: 'other_amount', fen: 1 } }),
    ask('no-line', { trouble: { kind: 'line_missing' } }),
    ask('line-differs', { trouble: { kind: 'amount_differs', fen: 5 } }),
    // A bill is there at 10:00 of the next day and looked at again from 00:00 of the fourth: replaced an hour before that.
    ask('reissued', { trouble: { kind: 'bill_reissued', hours: 61, untilMet: true } }),
    ask('mismatch', { capturedMinor: 9_000n, claimedMinor: 10_000n }),
  ]);
}, 120_000);

afterAll(async () => {
  await shop.close();
}, 60_000);

const kindsOf = (observations: readonly { kind: string }[]): string[] =>
  observations.map((each) => each.kind);

describe('a refund that goes well', () => {
  test('ends settled, with every serial, its window, where it landed, and each piece of evidence', async () => {
    const { refundNo, transactionId, amountMinor } = one('plain');

    const seen = await shop.reaches(refundNo, 'settled');

    const atChannel = shop.stack.wechat.refunds().find((each) => each.refundNo === refundNo);
    expect(seen).toMatchObject({
      state_reason: null,
      overdue_level: 0,
      amount_minor: '2345',
      serials: { channel_refund_no: atChannel?.refundId, transaction_id: transactionId },
      window: { provisional: false },
    });
    expect(seen.lands_in).not.toBeNull();
    // The wallet's promise: twenty minutes after the channel took it.
    const acceptedMs = Date.parse(seen.accepted_at ?? '');
    expect(Date.parse(seen.window?.promise_at ?? '') - acceptedMs).toBe(20 * 60_000);
    expect(Math.abs(acceptedMs - (atChannel?.acceptedAt.getTime() ?? 0))).toBeLessThan(1_000);
    const timeline = kindsOf(await shop.timeline(refundNo));
    expect(timeline.filter((kind) => kind === 'attempt_started')).toHaveLength(1);
    expect(timeline).toEqual(
      expect.arrayContaining(['payment_confirmed', 'attempt_started', 'channel_report', 'statement_line']),
    );
    expect(shop.paidOut(refundNo)).toEqual([amountMinor]);
    expect(await shop.callbacks(refundNo)).toEqual([
      { verdict: 'refund', eventType: 'REFUND.SUCCESS', applied: true },
    ]);
    expect(await shop.breaks(refundNo)).toEqual([]);
  });
});

describe('an answer that cannot be trusted is no answer', () => {
  test.each([
    ['F1: that is lost after the channel took the refund', 'lost'],
    ['F5: of which half arrives', 'half'],
    ['F3: of 502 although the refund ran', 'server-error'],
    ['F4: with a signature of other bytes', 'bad-signature'],
    ['F4: that is a probe of the channel', 'probe'],
  ])('%s is found out by asking, and the refund is sent once and paid once', async (_name, name) => {
    const { refundNo, amountMinor } = one(name);

    await shop.reaches(refundNo, 'settled');

    expect(shop.paidOut(refundNo)).toEqual([amountMinor]);
    const atChannel = shop.stack.wechat.refunds().filter((each) => each.refundNo === refundNo);
    expect(atChannel.map((each) => each.attempts)).toEqual([1]);
    const timeline = await shop.timeline(refundNo);
    expect(kindsOf(timeline)).toContain('attempt_unknown');
    expect(kindsOf(timeline).filter((kind) => kind === 'attempt_started')).toHaveLength(1);
  });

  test('F2 I6: that is lost before the channel saw the refund leads to a second attempt under the same number', async () => {
    const { refundNo, amountMinor } = one('lost-unseen');

    await shop.reaches(refundNo, 'settled');

    const kinds = kindsOf(await shop.timeline(refundNo));
    expect(kinds).toContain('channel_absent');
    expect(kinds.filter((kind) => kind === 'attempt_started').length).toBeGreaterThanOrEqual(2);
    expect(shop.paidOut(refundNo)).toEqual([amountMinor]);
  });
});

describe('a refund that the channel does not take', () => {
  test('F11: because it is called too often goes on by itself', async () => {
    const { refundNo, amountMinor } = one('frequency');

    await shop.reaches(refundNo, 'settled');

    expect(shop.paidOut(refundNo)).toEqual([amountMinor]);
    expect(kindsOf(await shop.timeline(refundNo)).filter((kind) => kind === 'attempt_held')).toHaveLength(2);
  });

  test('F12: for want of money waits visibly, and goes on by itself after the top-up', async () => {
    const { refundNo, amountMinor } = one('short');
    const held = await shop.reaches(refundNo, 'needs_action');
    expect(held.state_reason).toBe('short_balance');
    expect(shop.paidOut(refundNo)).toEqual([]);

    shop.stack.wechat.topUp(1_000_000n);

    await shop.reaches(refundNo, 'settled');
    expect(shop.paidOut(refundNo)).toEqual([amountMinor]);
  });

  test('because the account of the payer is closed waits for a person, and keeps its amount reserved', async () => {
    const { refundNo, paymentNo } = one('refused');

    const seen = await shop.reaches(refundNo, 'needs_action');

    expect(seen.state_reason).toBe('payer_account_closed');
    const payment = await shop.http.get<Record<string, unknown>>(`/v1/payments/${paymentNo}`);
    expect(payment.data).toMatchObject({ reserved_minor: '2345' });
    expect(shop.paidOut(refundNo)).toEqual([]);
  });

  test('F14: whose payment the channel captured otherwise is never sent', async () => {
    const { refundNo } = one('mismatch');

    const seen = await shop.reaches(refundNo, 'needs_action');

    expect(seen.state_reason).toBe('payment_mismatch');
    expect(kindsOf(await shop.timeline(refundNo))).not.toContain('attempt_started');
    expect(shop.stack.wechat.refunds().filter((each) => each.refundNo === refundNo)).toEqual([]);
  });
});

describe('a refund that the channel does not pay', () => {
  test('F10: because it closed it has failed, and the money can be asked for again under a new number', async () => {
    const closed = one('closed');
    const seen = await shop.reaches(closed.refundNo, 'failed');
    expect(seen.state_reason).toBe('closed');
    const payment = await shop.http.get<Record<string, unknown>>(`/v1/payments/${closed.paymentNo}`);
    expect(payment.data).toMatchObject({ reserved_minor: '0', refundable_minor: '10000' });

    const again = await shop.ask('closed-again', { of: closed, amountMinor: 10_000n });

    await shop.reaches(again.refundNo, 'settled');
    expect(shop.paidOut(closed.refundNo)).toEqual([]);
    expect(shop.paidOut(again.refundNo)).toEqual([10_000n]);
  });

  test('F9: because the card is dead needs a person, and is on the overdue list when its promise has passed', async () => {
    const { refundNo, transactionId } = one('dead-card');

    const seen = await shop.reaches(refundNo, 'needs_action');

    expect(seen.state_reason).toBe('abnormal');
    const row = await overdue(refundNo, 1);
    expect(row).toMatchObject({ state: 'needs_action', serials: { transaction_id: transactionId } });
  });

  test('F6 I10: because it never decides stays processing, is flagged at the promise and alarmed at the alarm', async () => {
    const { refundNo, transactionId } = one('stuck');

    const row = await overdue(refundNo, 2);

    const seen = await shop.refund(refundNo);
    expect(seen).toMatchObject({ state: 'processing' });
    // The month passes on: it may have been escalated meanwhile.
    expect(seen.overdue_level).toBeGreaterThanOrEqual(2);
    expect(row).toMatchObject({
      amount_minor: '2345',
      last_answer: 'processing',
      serials: {
        refund_no: refundNo,
        transaction_id: transactionId,
        channel_refund_no: seen.serials.channel_refund_no,
      },
    });
    expect(row.days_late).toBeGreaterThanOrEqual(2);
    expect(seen.serials.channel_refund_no).not.toBeNull();
  });
});

interface OverdueEntry {
  readonly refund_no: string;
  readonly level: number;
  readonly days_late: number;
}

async function overdue(refundNo: string, level: number): Promise<OverdueEntry> {
  return until(`${refundNo} is overdue at level ${String(level)}`, async () => {
    const { data } = await shop.http.get<{ overdue: OverdueEntry[] }>('/v1/overdue?limit=200');
    const row = data.overdue.find((each) => each.refund_no === refundNo);
    const none: OverdueEntry = { refund_no: refundNo, level: 0, days_late: 0 };
    return { done: (row?.level ?? 0) >= level, value: row ?? none };
  });
}

describe('notices of the channel', () => {
  test('F34: that never come are not needed: asking finds the end', async () => {
    const { refundNo } = one('silent');

    await shop.reaches(refundNo, 'settled');

    expect(await shop.callbacks(refundNo)).toEqual([]);
    expect(shop.deliveries(refundNo)).toEqual([]);
  });

  test('F29: that come four times are acknowledged each time and counted once', async () => {
    const { refundNo, amountMinor } = one('twice');

    const sent = await until('four deliveries', async () => {
      const value = shop.deliveries(refundNo);
      return { done: value.length >= 4, value };
    });

    expect(sent.map((each) => each.status)).toEqual([204, 204, 204, 204]);
    expect(await shop.callbacks(refundNo)).toHaveLength(1);
    await shop.reaches(refundNo, 'settled');
    expect(shop.paidOut(refundNo)).toEqual([amountMinor]);
  });

  test('F32: that are older than the news take nothing back, and stay in the timeline', async () => {
    const { refundNo } = one('out-of-order');

    await until('the older notice', async () => {
      const value = shop.deliveries(refundNo);
      return { done: value.some((each) => each.flavour === 'stale'), value };
    });

    await shop.reaches(refundNo, 'settled');
    const events = (await shop.callbacks(refundNo)).map((each) => each.eventType);
    expect(events.toSorted()).toEqual(['REFUND.ABNORMAL', 'REFUND.SUCCESS']);
  });

  test('F35: that a stranger signed are refused, and success is believed only when the channel says it', async () => {
    const { refundNo } = one('forged');

    const forged = await until('the forged notice', async () => {
      const value = shop.deliveries(refundNo).filter((each) => each.flavour === 'forged');
      return { done: value.length > 0, value };
    });

    expect(forged.map((each) => each.status)).toEqual([401]);
    const seen = await shop.reaches(refundNo, 'settled');
    const atChannel = shop.stack.wechat.refunds().find((each) => each.refundNo === refundNo);
    const endedMs = atChannel?.endsAt?.getTime() ?? 0;
    expect(Math.abs(Date.parse(seen.succeeded_at ?? '') - endedMs)).toBeLessThan(1_000);
    expect(await shop.callbacks(refundNo)).toMatchObject([{ verdict: 'refund', applied: true }]);
  });

  test('F4: by which the channel probes us are refused, and the true one that follows counts', async () => {
    const { refundNo } = one('signtest');

    const sent = await until('the notice after the probe', async () => {
      const value = shop.deliveries(refundNo);
      return { done: value.some((each) => each.flavour === 'true' && each.status === 204), value };
    });

    expect(sent.find((each) => each.flavour === 'probe')?.status).toBe(401);
    await shop.reaches(refundNo, 'settled');
  });

  test('F33: that name another amount send the refund to a person', async () => {
    const { refundNo } = one('other-amount');

    const seen = await shop.reaches(refundNo, 'needs_action');

    expect(seen.state_reason).toBe('amount_mismatch');
  });
});

describe('statements', () => {
  const breakOf = (name: string, kind: string, status: string) =>
    until(`a ${status} break ${kind} of ${name}`, async () => {
      // The account's own statement may show the same trouble from its side: that is a break of its own.
      const value = (await shop.breaks(one(name).refundNo)).filter((each) => each.kind === kind);
      return { done: value.some((each) => each.status === status), value };
    });

  test('F68: that leave a refund out make a break, and the refund stays what the channel said', async () => {
    const found = await breakOf('no-line', 'missing_at_channel', 'open');

    expect(found).toMatchObject([
      { kind: 'missing_at_channel', line: null, expected_minor: '2345', amount_minor: null },
    ]);
    expect(await shop.refund(one('no-line').refundNo)).toMatchObject({ state: 'succeeded' });
  });

  test('F63: that show another amount make a break with both amounts, and the refund needs a person', async () => {
    const found = await breakOf('line-differs', 'amount_differs', 'open');

    // A bill that was re-issued meanwhile for another refund's sake makes the difference anew, and ends the old one.
    const open = found.filter((each) => each.status === 'open');
    expect(open).toMatchObject([{ kind: 'amount_differs', expected_minor: '2345', amount_minor: '2350' }]);
    expect(open[0]?.line).not.toBeNull();
    expect(await shop.reaches(one('line-differs').refundNo, 'needs_action')).toMatchObject({
      state_reason: 'amount_mismatch',
    });
  });

  test('F46: that are re-issued close what the first version left open, and both versions are kept', async () => {
    const found = await breakOf('reissued', 'missing_at_channel', 'closed');

    expect(found).toMatchObject([{ status: 'closed', closed_reason: 'line_found' }]);
    const seen = await shop.reaches(one('reissued').refundNo, 'settled');
    const [line] = (await shop.timeline(seen.refund_no)).filter((each) => each.kind === 'statement_line');
    const { rows } = await shop.stack.context.pool.query<{ revision: number; status: string }>(
      `select revision, status from statement_files where account_id = 'wx-demo' and kind = 'trade' and bill_date = $1
        order by revision`,
      [line?.facts['bill_date']],
    );
    expect(rows.map((row) => row.status)).toEqual(['superseded', 'loaded']);
  });
});

test('I1 I2: after all of it the ledger of the channel balances, and nothing was paid twice', async () => {
  for (const name of ['plain', 'lost', 'twice', 'short']) await shop.reaches(one(name).refundNo, 'settled');

  expect(shop.stack.wechat.ledger()).toMatchObject({
    doublePayments: 0,
    overRefundedPayments: [],
    balanced: true,
  });
});
