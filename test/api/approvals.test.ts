/** Four eyes over HTTP: one named person asks, another decides exactly that, in time, once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { APPROVAL_LIFETIME_MS } from '../../domain/approval.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import { observationsOf, observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { ask, call, newPayment, problemIn, refundIn } from './calls.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest();
});

afterAll(async () => {
  await api.close();
});

interface Asked {
  readonly id: string;
  readonly fingerprint: string;
  readonly status: string;
  readonly content: Readonly<Record<string, string>>;
}

let names = 0;

/** A refund that was sent and got no answer. */
async function openRefund(): Promise<{ refundNo: string; refundId: string }> {
  names += 1;
  const refundNo = `RA-${String(names)}`;
  const payment = await newPayment(api);
  refundIn(
    await ask(api, { refund_no: refundNo, payment_no: payment, amount_minor: '234', currency: 'CNY' }),
  );
  const refundId = (await getRefund(api.database.pool, 'm1', refundNo))?.id ?? '';
  await observe(api.database.pool, refundId, [
    { kind: 'attempt_started', source: 'submit', ref: 'a1', at: NOW.toISOString(), attempt: 1 },
  ]);
  return { refundNo, refundId };
}

const inHand: Observation = {
  kind: 'channel_report',
  source: 'query',
  ref: 'q9',
  at: NOW.toISOString(),
  status: 'processing',
};

async function askFor(
  refundNo: string,
  o: { as?: string; key?: string; body?: object } = {},
): Promise<Answer> {
  return call(api, '/v1/approvals', {
    method: 'POST',
    key: o.key ?? api.people.alice,
    body: {
      act: 'resolve_refund',
      refund_nos: [refundNo],
      as: o.as ?? 'paid',
      proof: '银行回单 8841',
      reason: 'the channel has not answered for a week',
      ...o.body,
    },
  });
}

async function asked(refundNo: string, as = 'paid'): Promise<Asked> {
  const answer = await askFor(refundNo, { as });
  expect(answer.status).toBe(201);
  return answer.json as Asked;
}

function decide(
  approval: Pick<Asked, 'id' | 'fingerprint'>,
  o: { key?: string; verdict?: string; fingerprint?: string } = {},
): Promise<Answer> {
  return call(api, `/v1/approvals/${approval.id}/decision`, {
    method: 'POST',
    key: o.key ?? api.people.bob,
    body: {
      verdict: o.verdict ?? 'approved',
      fingerprint: o.fingerprint ?? approval.fingerprint,
      reason: 'I saw the letter',
    },
  });
}

async function stateOf(refundNo: string): Promise<{ state: string; state_reason: string | null }> {
  return refundIn(await call(api, `/v1/refunds/${refundNo}`));
}

describe('a refund that the channel leaves open', () => {
  test.each([
    ['paid', { state: 'succeeded', state_reason: null }],
    ['not_paid', { state: 'failed', state_reason: 'decided_not_paid' }],
  ])(
    'is %s once two people say so, with both in the evidence, and its workflow is told',
    async (as, ends) => {
      const { refundNo, refundId } = await openRefund();

      const request = await asked(refundNo, as);
      expect(await stateOf(refundNo)).toMatchObject({ state: 'unknown' });
      const decided = await decide(request);

      expect(decided.json).toMatchObject({
        status: 'used',
        asked_by: 'alice',
        decision: { verdict: 'approved', by: 'bob', reason: 'I saw the letter' },
      });
      expect(await stateOf(refundNo)).toMatchObject(ends);
      const evidence = await observationsOf(api.database.pool, refundId);
      expect(evidence.at(-1)).toMatchObject({
        kind: 'resolved',
        as,
        ref: `approval/${request.id}`,
        proof: '银行回单 8841',
      });
      expect(api.engine.told).toContainEqual({
        refund: { merchantId: 'm1', refundNo },
        callbackId: `approval/${request.id}`,
      });
    },
  );

  test('stays open when the other person rejects it', async () => {
    const { refundNo } = await openRefund();
    const request = await asked(refundNo);

    expect((await decide(request, { verdict: 'rejected' })).json).toMatchObject({
      status: 'rejected',
      used_at: null,
    });
    expect(await stateOf(refundNo)).toMatchObject({ state: 'unknown' });
    problemIn(await decide(request), 'approval_decided');
  });

  test('is decided also while Temporal is away: the evidence is there first', async () => {
    const { refundNo } = await openRefund();
    const request = await asked(refundNo);
    api.engine.away = true;

    const answer = await decide(request);
    api.engine.away = false;

    expect(answer.status).toBe(200);
    expect(await stateOf(refundNo)).toMatchObject({ state: 'succeeded' });
  });
});

test.each([{ reason: '持卡人 6222021234567890128' }, { proof: '回单，卡号 6222 0212 3456 7890 128' }])(
  'F94 I13 nobody writes a whole card number into what is kept: %o',
  async (text) => {
    const { refundNo } = await openRefund();

    problemIn(await askFor(refundNo, { body: text }), 'request_invalid');
  },
);

describe('who may', () => {
  test('F92 I20: nobody decides what they asked for, whoever else could', async () => {
    const { refundNo } = await openRefund();
    const request = await asked(refundNo);

    problemIn(await decide(request, { key: api.people.alice }), 'approval_own');
    expect(await stateOf(refundNo)).toMatchObject({ state: 'unknown' });
  });

  test('a key that names no person neither asks nor decides', async () => {
    const { refundNo } = await openRefund();
    const request = await asked(refundNo);

    problemIn(await askFor(refundNo, { key: api.keys.m1 }), 'operator_needed');
    problemIn(await decide(request, { key: api.keys.m1 }), 'operator_needed');
  });

  test("a person of another merchant neither sees nor decides it, nor asks about this one's refunds", async () => {
    const { refundNo } = await openRefund();
    const request = await asked(refundNo);
    const { mallory } = api.people;

    problemIn(await call(api, `/v1/approvals/${request.id}`, { key: mallory }), 'approval_unknown');
    problemIn(await decide(request, { key: mallory }), 'approval_unknown');
    problemIn(await askFor(refundNo, { key: mallory }), 'refund_unknown');
    const list = await call(api, '/v1/approvals', { key: mallory });
    expect(list.json).toEqual({ approvals: [], next_cursor: null });
  });
});

describe('exactly what was asked', () => {
  test('F92 I20: a decision under another fingerprint decides nothing', async () => {
    const { refundNo } = await openRefund();
    const request = await asked(refundNo);

    problemIn(await decide(request, { fingerprint: '0'.repeat(64) }), 'approval_differs');
  });

  test('evidence that came in after it was asked for makes it outdated', async () => {
    const { refundNo, refundId } = await openRefund();
    const request = await asked(refundNo);
    await observe(api.database.pool, refundId, [inHand]);

    problemIn(await decide(request), 'approval_outdated');
    expect(await stateOf(refundNo)).toMatchObject({ state: 'processing' });
    const again = await asked(refundNo);
    expect(again.id).not.toBe(request.id);
    expect((await decide(again)).status).toBe(200);
  });

  test('the same request again is the one that waits; another proof is another request', async () => {
    const { refundNo } = await openRefund();
    const first = await asked(refundNo);

    expect(await asked(refundNo)).toMatchObject({ id: first.id });
    const other = (await askFor(refundNo, { body: { proof: 'another letter' } })).json as Asked;
    expect(other.id).not.toBe(first.id);
    expect(other.fingerprint).not.toBe(first.fingerprint);
  });

  test.each(['paid', 'not_paid'])('a refund whose end is known is not for people: %s', async (as) => {
    const { refundNo, refundId } = await openRefund();
    await observe(api.database.pool, refundId, [{ ...inHand, status: 'success' }]);

    problemIn(await askFor(refundNo, { as }), 'approval_not_applicable');
  });

  test('it expires: after a day it is neither decided nor open', async () => {
    const { refundNo } = await openRefund();
    const request = await asked(refundNo);
    api.clock.at = new Date(NOW.getTime() + APPROVAL_LIFETIME_MS);

    const late = await decide(request);
    const shown = await call(api, `/v1/approvals/${request.id}`);
    const waiting = await call(api, '/v1/approvals?waiting=true');
    api.clock.at = NOW;

    problemIn(late, 'approval_expired');
    expect(shown.json).toMatchObject({ status: 'expired' });
    expect(waiting.json).toMatchObject({ approvals: [] });
  });

  test('F17: of two decisions at the same instant one counts', async () => {
    const { refundNo, refundId } = await openRefund();
    const request = await asked(refundNo);

    const answers = await Promise.all([
      decide(request),
      decide(request, { verdict: 'rejected' }),
      decide(request),
    ]);

    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
    const decisions = (await observationsOf(api.database.pool, refundId)).filter(
      ({ kind }) => kind === 'resolved',
    );
    expect(decisions.length).toBeLessThanOrEqual(1);
  });
});

describe('the list', () => {
  test('shows all, newest first, page by page; or what waits', async () => {
    const { refundNo } = await openRefund();
    const one = await asked(refundNo);
    const other = await asked(refundNo, 'not_paid');
    await decide(one, { verdict: 'rejected' });

    const first = (await call(api, '/v1/approvals?limit=1')).json as {
      approvals: Asked[];
      next_cursor: string;
    };
    const second = (await call(api, `/v1/approvals?limit=1&cursor=${first.next_cursor}`)).json;
    expect(first.approvals).toMatchObject([{ id: other.id }]);
    expect(second).toMatchObject({ approvals: [{ id: one.id, status: 'rejected' }] });
    const waiting = (await call(api, '/v1/approvals?waiting=true')).json as { approvals: Asked[] };
    expect(waiting.approvals.map(({ id }) => id)).toContain(other.id);
    expect(waiting.approvals.map(({ id }) => id)).not.toContain(one.id);
  });

  test.each([
    [{ as: 'perhaps' }],
    [{ proof: '' }],
    [{ proof: 'two\nlines' }],
    [{ proof: 'x'.repeat(501) }],
    [{ act: 'pay_me' }],
    [{ surplus: 1 }],
  ])('a request with %j is refused', async (body) => {
    const { refundNo } = await openRefund();

    problemIn(await askFor(refundNo, { body }), 'request_invalid');
  });
});
