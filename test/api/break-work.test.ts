/** Breaks over HTTP: seen whole, worked on by one person as they saw it, and ended by two. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getBreak } from '../../store/breaks.ts';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import { bring } from '../statements/bills.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import type { Answer, Call } from './calls.ts';
import { ask, call, newPayment, problemIn, refundIn } from './calls.ts';
import { newBreak } from './new-break.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest();
});

afterAll(async () => {
  await api.close();
});

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly assigned_to: string | null;
  readonly suggestion: Readonly<Record<string, unknown>> | null;
  readonly history: readonly Readonly<Record<string, unknown>>[];
}

const show = (number: string, o: Call = {}): Promise<Answer> => call(api, `/v1/breaks/${number}`, o);

const post = (number: string, path: string, body: object, o: Call = {}): Promise<Answer> =>
  call(api, `/v1/breaks/${number}/${path}`, { method: 'POST', key: api.people.alice, body, ...o });

function shown(answer: Answer): Shown {
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Shown;
}

describe('GET /v1/breaks/{break_no}', () => {
  test('has its age in business days, what to do and why, and an etag', async () => {
    const number = await newBreak(api, 234n, new Date('2026-11-19T02:00:00Z'));

    const answer = await show(number);

    expect(shown(answer)).toMatchObject({
      ...{ id: number, status: 'open', age_business_days: 3, at_stake_minor: '234' },
      ...{ ours: null, theirs: null, keys: null, candidates: [], history: [] },
      suggestion: { act: 'ask_channel', code: null, refund_no: null, until: null },
    });
    const etag = answer.headers['etag'] ?? '';
    expect((await show(number, { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  test('is not there for another merchant, nor for a number that nobody has', async () => {
    const number = await newBreak(api);

    problemIn(await show(number, { key: api.keys.m2 }), 'break_unknown');
    problemIn(await show('999999'), 'break_unknown');
    problemIn(await show('x'), 'request_invalid');
  });
});

describe('one person', () => {
  test('takes a break, puts it off, says something and ends it; each answer has the new etag and the history', async () => {
    const number = await newBreak(api);

    const taken = await post(number, 'assignment', { to: 'bob', note: 'you know them' });
    expect(shown(taken)).toMatchObject({
      assigned_to: 'bob',
      history: [
        {
          kind: 'assigned',
          by: 'alice',
          note: 'you know them',
          at: NOW.toISOString(),
          detail: { to: 'bob' },
        },
      ],
    });
    expect(taken.headers['etag']).toBe((await show(number)).headers['etag']);
    const parking = { until: '2026-12-01', reason_code: 'asked_the_bank' };
    expect(shown(await post(number, 'parking', parking))).toMatchObject({ parked_until: '2026-12-01' });
    expect(shown(await post(number, 'parking', { until: null }))).toMatchObject({ parked_until: null });
    shown(await post(number, 'comments', { note: '工单 18' }));
    shown(await post(number, 'assignment', { to: null }));
    const ended = shown(
      await post(number, 'resolution', { reason_code: 'put_right_in_books', note: '补录' }),
    );

    expect(ended).toMatchObject({
      status: 'closed',
      closed_reason: 'resolved',
      suggestion: null,
      assigned_to: null,
    });
    expect(ended.history.map(({ kind }) => kind)).toEqual([
      ...['assigned', 'parked', 'unparked', 'commented', 'released', 'resolved'],
    ]);
    problemIn(await post(number, 'assignment', { to: 'bob' }), 'break_closed');
  });

  test('acts on what they saw: when somebody was faster, nothing is done', async () => {
    const number = await newBreak(api);
    const etag = (await show(number)).headers['etag'] ?? '';
    const headers = { 'if-match': etag };

    shown(await post(number, 'assignment', { to: 'alice' }, { headers }));
    problemIn(
      await post(number, 'assignment', { to: 'bob' }, { headers, key: api.people.bob }),
      'precondition_failed',
    );

    expect(shown(await show(number)).assigned_to).toBe('alice');
  });

  test('of two at the same instant with the same etag one is first', async () => {
    const number = await newBreak(api);
    const headers = { 'if-match': (await show(number)).headers['etag'] ?? '' };

    const answers = await Promise.all([
      post(number, 'assignment', { to: 'alice' }, { headers }),
      post(number, 'assignment', { to: 'bob' }, { headers, key: api.people.bob }),
    ]);

    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412]);
  });

  test('must be named by the key, of this merchant, and alone ends only what has little at stake', async () => {
    const number = await newBreak(api, 20_001n);

    problemIn(await post(number, 'comments', { note: 'x' }, { key: api.keys.m1 }), 'operator_needed');
    problemIn(await post(number, 'comments', { note: 'x' }, { key: api.people.mallory }), 'break_unknown');
    problemIn(
      await post(number, 'resolution', { reason_code: 'reviewed', note: 'x' }),
      'break_needs_two_people',
    );
    expect(shown(await show(number))).toMatchObject({ status: 'open', history: [] });
  });

  test.each([
    ['assignment', {}],
    ['assignment', { to: 'lin mei' }],
    ['parking', { until: '2026-12-01' }],
    ['parking', { until: '2026-11-24', reason_code: 'asked_the_bank' }],
    ['parking', { until: 'tomorrow', reason_code: 'asked_the_bank' }],
    ['comments', { note: '' }],
    ['comments', { note: '4111111111111111' }],
    ['resolution', { reason_code: 'because', note: 'x' }],
    ['resolution', { reason_code: 'reviewed' }],
  ])('is told what is wrong: %s %o', async (path, body) => {
    problemIn(await post(await newBreak(api), path, body), 'request_invalid');
  });
});

describe('two people', () => {
  async function approved(body: object): Promise<Answer> {
    const asked = await call(api, '/v1/approvals', { method: 'POST', key: api.people.alice, body });
    expect(asked.status, asked.text).toBe(201);
    const { id, fingerprint } = asked.json as { id: string; fingerprint: string };
    return call(api, `/v1/approvals/${id}/decision`, {
      ...{ method: 'POST', key: api.people.bob },
      body: { verdict: 'approved', fingerprint, reason: 'I saw it' },
    });
  }

  test('write several differences off at once, all or none, and take it back', async () => {
    const numbers = [await newBreak(api, 50_000n), await newBreak(api, 300n)];
    const told = { code: 'not_worth_pursuing', proof: '工单 8', reason: 'small' };

    const written = await approved({ act: 'write_off_break', break_nos: numbers, ...told });
    expect(written.json).toMatchObject({
      status: 'used',
      break_nos: numbers,
      refund_no: null,
      refund_nos: [],
      day: null,
    });
    for (const number of numbers)
      expect(shown(await show(number))).toMatchObject({ closed_reason: 'written_off' });
    await approved({ act: 'reopen_break', break_nos: numbers, reason: 'the channel answered' });
    for (const number of numbers) expect(shown(await show(number)).status).toBe('open');

    const some = [numbers[0], await newBreak(api, 50_001n)];
    const body = { act: 'write_off_break', break_nos: some, ...told };
    const refused = await call(api, '/v1/approvals', { method: 'POST', key: api.people.alice, body });
    expect(problemIn(refused, 'approval_not_applicable').detail).toMatch(/more is at stake/);
  });

  test('give a line to a refund: it is settled, and its workflow is told', async () => {
    const payment = await newPayment(api);
    const asked = { refund_no: 'FM-1', payment_no: payment, amount_minor: '234', currency: 'CNY' };
    refundIn(await ask(api, asked));
    const id = (await getRefund(api.database.pool, 'm1', 'FM-1'))?.id ?? '';
    await observe(api.database.pool, id, [
      {
        kind: 'channel_report',
        source: 'query',
        ref: 'q1',
        at: NOW.toISOString(),
        status: 'success',
        channelRefundNo: '50300112233',
      },
    ]);
    const line = { at: '2026-11-24 12:00:00', channelRefundNo: '50300112234', amount: 234 };
    const { fileId } = await bring(
      api.database,
      { lines: [line] },
      { accountId: 'wx-1', expectMerchantNo: null },
    );
    const { rows } = await api.database.pool.query<{ id: bigint }>(
      'select id from breaks where file_id = $1',
      [fileId],
    );
    const number = String(rows[0]?.id);
    expect(shown(await show(number))).toMatchObject({
      kind: 'missing_in_books',
      theirs: { channel_refund_no: '50300112234' },
    });

    const match = {
      act: 'force_match',
      break_no: number,
      refund_no: 'FM-1',
      code: 'number_mistyped',
      reason: 'one digit',
    };
    expect((await approved(match)).json).toMatchObject({ status: 'used', break_nos: [number] });

    expect(refundIn(await call(api, '/v1/refunds/FM-1'))).toMatchObject({ state: 'settled' });
    expect(api.engine.told.at(-1)?.refund).toEqual({ merchantId: 'm1', refundNo: 'FM-1' });
    expect(await getBreak(api.database.pool, number)).toMatchObject({ closedReason: 'force_matched' });
    expect(shown(await show(number)).history).toMatchObject([
      {
        kind: 'force_matched',
        by: 'bob',
        reason_code: 'number_mistyped',
        detail: { asked_by: 'alice', refund_no: 'FM-1' },
      },
    ]);
  });

  test.each([
    { act: 'force_match', break_no: 'x', refund_no: 'RF', code: 'number_mistyped', reason: 'r' },
    { act: 'write_off_break', break_nos: [], code: 'fee', proof: 'p', reason: 'r' },
    { act: 'write_off_break', break_nos: ['1', '01'], code: 'fee', proof: 'p', reason: 'r' },
    { act: 'write_off_break', break_nos: ['1'], code: 'because', proof: 'p', reason: 'r' },
    { act: 'reopen_break', break_nos: ['1'] },
  ])('are told what is wrong: %o', async (body) => {
    problemIn(
      await call(api, '/v1/approvals', { method: 'POST', key: api.people.alice, body }),
      'request_invalid',
    );
  });

  test('ask in vain about breaks of another merchant', async () => {
    const body = { act: 'reopen_break', break_nos: [await newBreak(api)], reason: 'r' };
    problemIn(
      await call(api, '/v1/approvals', { method: 'POST', key: api.people.mallory, body }),
      'break_unknown',
    );
  });
});
