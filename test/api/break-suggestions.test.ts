/** What the rules suggest of many breaks over HTTP: seen as one list with its sums, and accepted as it was seen. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { historyOf } from '../../store/break-events.ts';
import { getBreak, listBreaks } from '../../store/breaks.ts';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import { bring } from '../statements/bills.ts';
import type { PlainLine } from '../statements/plain-statement.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import type { Answer, Call } from './calls.ts';
import { ask, call, problemIn, refundIn } from './calls.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await apiUnderTest();
});
afterEach(() => api.close());

interface Listed {
  readonly suggestions: readonly { readonly break_no: string; readonly act: string }[];
  readonly sums: readonly object[];
  readonly left_out: readonly { readonly break_no: string; readonly why: string }[];
  readonly fingerprint: string;
  readonly next_after: string | null;
  readonly accepted: boolean;
  readonly approvals: readonly { readonly id: string; readonly act: string; readonly break_nos: string[] }[];
}

const post = (body: object, o: Call = {}): Promise<Answer> =>
  call(api, '/v1/breaks/suggestions', { method: 'POST', key: api.people.alice, body, ...o });

async function listed(body: object = {}): Promise<Listed> {
  const answer = await post(body);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Listed;
}

const AT = '2026-11-24 12:00:00';

/** @returns the channel's number of its payment */
async function refunded(refundNo: string, amountMinor: string, channelRefundNo: string): Promise<string> {
  const payment = `PAY-${refundNo}`;
  const transactionId = `4200000000${refundNo}`;
  const paid = await call(api, `/v1/payments/${payment}`, {
    method: 'PUT',
    body: { account_id: 'wx-1', captured_minor: amountMinor, currency: 'CNY', transaction_id: transactionId },
  });
  expect(paid.status, paid.text).toBe(201);
  refundIn(
    await ask(api, { refund_no: refundNo, payment_no: payment, amount_minor: amountMinor, currency: 'CNY' }),
  );
  const id = (await getRefund(api.database.pool, 'm1', refundNo))?.id ?? '';
  const report = {
    kind: 'channel_report',
    source: 'query',
    ref: randomUUID(),
    at: NOW.toISOString(),
  } as const;
  await observe(api.database.pool, id, [{ ...report, status: 'success', channelRefundNo }]);
  return transactionId;
}

async function brought(lines: readonly PlainLine[]): Promise<void> {
  await bring(api.database, { lines }, { accountId: 'wx-1', expectMerchantNo: null });
}

/** Two that differ by some fen, a line that is printed twice, and one whose number has a slip. */
async function someBreaks(): Promise<void> {
  await refunded('BS-1', '1000', '50300000001');
  await refunded('BS-2', '2000', '50300000002');
  await refunded('BS-3', '3000', '50300000003');
  const transactionId = await refunded('BS-4', '4000', '50300000004');
  await brought([
    { at: AT, refundNo: 'BS-1', channelRefundNo: '50300000001', amount: 999 },
    { at: AT, refundNo: 'BS-2', channelRefundNo: '50300000002', amount: 1998 },
    { at: AT, refundNo: 'BS-3', channelRefundNo: '50300000003', amount: 3000 },
    { at: AT, refundNo: 'BS-3', channelRefundNo: '50300000003', amount: 3000 },
    { at: AT, channelRefundNo: '50300000014', transactionId, amount: 4000 },
  ]);
}

const openCount = async (): Promise<number> =>
  (await listBreaks(api.database.pool, { status: 'open', limit: 50 })).breaks.length;

describe('POST /v1/breaks/suggestions', () => {
  test('without a fingerprint shows the list and its sums, and does nothing', async () => {
    await someBreaks();
    const list = await listed();

    expect(list).toMatchObject({ accepted: false, approvals: [], left_out: [], next_after: null });
    expect(list.suggestions).toMatchObject([
      { act: 'write_off', code: 'rounding', refund_no: 'BS-1', at_stake_minor: '1' },
      { act: 'write_off', code: 'rounding', refund_no: 'BS-2', at_stake_minor: '2' },
      { act: 'resolve', code: 'printed_twice', at_stake_minor: '3000' },
      { act: 'force_match', code: 'number_mistyped', refund_no: 'BS-4', at_stake_minor: '4000' },
    ]);
    expect(list.sums).toEqual([
      { act: 'write_off', code: 'rounding', breaks: 2, at_stake_minor: '3' },
      { act: 'resolve', code: 'printed_twice', breaks: 1, at_stake_minor: '3000' },
      { act: 'force_match', code: 'number_mistyped', breaks: 1, at_stake_minor: '4000' },
    ]);
    expect(await openCount()).toBe(4);
  });

  test('can be about an account, a day, a kind, a suggestion, an amount, and a part of it', async () => {
    await someBreaks();
    const found = async (body: object): Promise<readonly string[]> =>
      (await listed(body)).suggestions.map(({ act }) => act);

    expect(await found({ account_id: 'wx-2' })).toEqual([]);
    expect(await found({ account_id: 'wx-1', bill_date: '2026-11-23' })).toEqual([]);
    expect(await found({ bill_date: '2026-11-24', kind: 'duplicate_line' })).toEqual(['resolve']);
    expect(await found({ suggestion: 'force_match' })).toEqual(['force_match']);
    expect(await found({ max_at_stake_minor: '1' })).toEqual(['write_off']);
    const first = await listed({ limit: 3 });
    expect(first.suggestions).toHaveLength(3);
    expect(await found({ limit: 3, after: first.next_after })).toEqual(['force_match']);
  });

  test('with its fingerprint does what one person does, each break by itself with the reason, and asks for the rest', async () => {
    await someBreaks();
    const list = await listed();

    const done = await listed({ fingerprint: list.fingerprint, note: '月末', proof: '对账单 11' });

    expect(done).toMatchObject({ accepted: true, left_out: [] });
    const [first, second, twice, slip] = list.suggestions.map((one) => one.break_no);
    expect(done.approvals).toMatchObject([
      { act: 'force_match', break_nos: [slip] },
      { act: 'write_off_break', break_nos: [first, second] },
    ]);
    expect(await getBreak(api.database.pool, twice ?? '')).toMatchObject({ closedReason: 'resolved' });
    expect(await historyOf(api.database.pool, twice ?? '')).toMatchObject([
      { kind: 'resolved', by: 'alice', reasonCode: 'printed_twice', note: '月末' },
    ]);
    expect(await openCount()).toBe(3);

    const again = await listed();
    expect(again.suggestions).toEqual([]);
    expect(again.left_out.map(({ break_no: number }) => number)).toEqual(
      expect.arrayContaining([first, second, slip]),
    );
    for (const { why } of again.left_out) expect(why).toMatch(/^request [0-9]+ waits for a second person$/);

    for (const { id } of done.approvals) {
      const asked = (await call(api, `/v1/approvals/${id}`)).json as { fingerprint: string };
      const decision = { verdict: 'approved', fingerprint: asked.fingerprint, reason: 'seen' };
      const decided = await call(api, `/v1/approvals/${id}/decision`, {
        ...{ method: 'POST', key: api.people.bob, body: decision },
      });
      expect(decided.status, decided.text).toBe(200);
    }
    expect(await openCount()).toBe(0);
    expect(refundIn(await call(api, '/v1/refunds/BS-4'))).toMatchObject({ state: 'settled' });
  });

  test('is that list or nothing: once it is another one, nobody accepted it', async () => {
    await someBreaks();
    const { fingerprint, suggestions } = await listed();
    const [, , twice] = suggestions;
    await call(api, `/v1/breaks/${twice?.break_no ?? ''}/comments`, {
      ...{ method: 'POST', key: api.people.bob, body: { note: 'I look into it' } },
    });

    problemIn(await post({ fingerprint, note: 'n', proof: 'p' }), 'precondition_failed');
    expect(await openCount()).toBe(4);
  });

  test('takes a person, a note, proof of what is written off, and the right to ask', async () => {
    await someBreaks();
    const { fingerprint } = await listed();

    problemIn(await post({ fingerprint, note: 'n', proof: 'p' }, { key: api.keys.m1 }), 'operator_needed');
    problemIn(await post({ fingerprint, proof: 'p' }), 'request_invalid');
    problemIn(await post({ fingerprint, note: 'n' }), 'request_invalid');
    problemIn(await post({ fingerprint: 'x' }), 'request_invalid');
    problemIn(await post({ suggestion: 'look' }), 'request_invalid');
    expect(await openCount()).toBe(4);
    expect((await post({}, { key: api.people.mallory })).json).toMatchObject({ suggestions: [] });
  });

  test('leaves out what is over a limit, and says so', async () => {
    await refunded('BL-1', '30000', '50300000009');
    const line = { at: AT, refundNo: 'BL-1', channelRefundNo: '50300000009', amount: 30_000 };
    await brought([line, line]);

    const { suggestions, left_out: left } = await listed();

    expect(suggestions).toEqual([]);
    expect(left).toMatchObject([{ why: 'more is at stake than one person ends alone' }]);
  });

  test('asks for nothing where two lines fit one refund', async () => {
    const transactionId = await refunded('BC-1', '500', '50300000055');
    await brought([
      { at: AT, channelRefundNo: '50300000056', transactionId, amount: 500 },
      { at: AT, channelRefundNo: '50300000057', transactionId, amount: 500 },
    ]);

    const { suggestions, left_out: left } = await listed();

    expect(suggestions).toEqual([]);
    expect(left.map(({ why }) => why)).toEqual([
      'several lines fit refund BC-1',
      'several lines fit refund BC-1',
    ]);
  });
});
