/** What two people may do, in the database: nothing of it without their approval, all of a bulk act or none of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Act, ApprovalContent } from '../../domain/approval.ts';
import type { Observation } from '../../domain/refund/observation.ts';
import type { ReleaseLimits } from '../../domain/refund/limits.ts';
import { NO_LIMITS } from '../../domain/refund/limits.ts';
import type { Payment, Refund } from '../../domain/refund/refund.ts';
import { verifyActAudit } from '../../store/act-audit.ts';
import { recordFallbackPayment } from '../../store/fallback-payment.ts';
import { observe } from '../../store/observations.ts';
import { flagOverdue } from '../../store/overdue.ts';
import { recordRefund } from '../../store/record-refund.ts';
import { getRefundById } from '../../store/refunds.ts';
import { released } from '../domain/observations.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { approvedByBob, askedByAlice, doneByTwo } from '../support/two-people.ts';
import { LIMITS, RULES, fresh, minute, openAccounts, pay, refundOf, requestFor } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

async function newRefund(...evidence: readonly Observation[]): Promise<Refund> {
  const refund = await refundOf(db.pool, 2_345n);
  return evidence.length === 0 ? refund : observe(db.pool, refund.id, evidence);
}

const at = minute(1).toISOString();
const started: Observation = { kind: 'attempt_started', source: 'submit', ref: 'attempt-1', at, attempt: 1 };
const refused: Observation = {
  ...{ kind: 'attempt_refused', source: 'submit', ref: 'attempt-1', at, attempt: 1 },
  channelCode: 'PARAM_ERROR',
};
const paid: Observation = { kind: 'channel_report', source: 'query', ref: 'q1', at, status: 'success' };
const abnormal: Observation = { ...paid, status: 'abnormal', channelRefundNo: fresh('W') };
const held: Observation = {
  ...{ kind: 'attempt_held', source: 'submit', ref: 'attempt-1', at, attempt: 1 },
  ...{ reason: 'payer_account_closed', channelCode: 'USER_ACCOUNT_ABNORMAL' },
};

const asked = (act: Act, refunds: readonly Refund[], told: ApprovalContent = {}) =>
  askedByAlice(db.pool, { act, refunds, told, at: minute(5) });

const approved = (act: Act, refunds: readonly Refund[], told: ApprovalContent = {}) =>
  doneByTwo(db.pool, { act, refunds, told, at: minute(5) });

async function now(refund: Refund): Promise<Pick<Refund, 'state' | 'stateReason' | 'overdueLevel'>> {
  const read = await getRefundById(db.pool, refund.id);
  if (read === null) throw new Error('it is gone');
  const { state, stateReason, overdueLevel } = read;
  return { state, stateReason, overdueLevel };
}

const FALLBACK = { method: 'bank_transfer', payee: '李*', account_ending: '0403' };

describe('I20 the database takes no evidence of two people without their approval', () => {
  test.each([
    { ...released(), ref: 'approval/999999' },
    { ...released(), ref: 'a letter' },
    { kind: 'bounced', source: 'operator', ref: 'approval/999999', at, proof: 'a letter' },
  ] as const)('%o', async (evidence) => {
    const refund = await newRefund(started, paid);

    await expect(observe(db.pool, refund.id, [evidence])).rejects.toMatchObject({ code: '23000' });
    expect(await now(refund)).toMatchObject({ state: 'succeeded' });
  });

  test('an approval of another refund, or of another act, is none', async () => {
    const [one, other] = [await newRefund(started, paid), await newRefund(started, paid)];
    const { id } = await approved('record_return', [one], { proof: 'a letter' });
    const ref = `approval/${id}`;

    await expect(
      observe(db.pool, other.id, [{ kind: 'bounced', source: 'operator', ref, at, proof: 'a letter' }]),
    ).rejects.toMatchObject({ code: '23000' });
    await expect(observe(db.pool, one.id, [{ ...released(), ref }])).rejects.toMatchObject({ code: '23000' });
  });
});

describe('a bulk act', () => {
  test('is done on all refunds that it names', async () => {
    const refunds = [await newRefund(started), await newRefund(started), await newRefund(started)];

    await approved('resolve_refund', refunds, { as: 'not_paid', proof: 'a ticket' });

    for (const refund of refunds) expect(await now(refund)).toMatchObject({ state: 'failed' });
    expect(await verifyActAudit(db.pool)).toBeNull();
  });

  test('is done on none when one has changed since it was asked for', async () => {
    const refunds = [await newRefund(started), await newRefund(started)];
    const [first, second] = refunds;
    const request = await asked('resolve_refund', refunds, { as: 'not_paid', proof: 'a ticket' });
    await observe(db.pool, second?.id ?? '', [paid]);

    await expect(approvedByBob(db.pool, request, minute(6))).rejects.toMatchObject({
      code: 'approval_outdated',
    });
    expect(first && (await now(first))).toMatchObject({ state: 'unknown' });
  });

  test('is not asked for where the act is about one refund, or one of them does not allow it', async () => {
    const open = await newRefund(started);
    const ended = await newRefund(started, paid);

    await expect(asked('fallback_route', [ended, open], FALLBACK)).rejects.toMatchObject({
      code: 'request_invalid',
    });
    await expect(
      asked('resolve_refund', [open, ended], { as: 'paid', proof: 'a ticket' }),
    ).rejects.toMatchObject({
      code: 'approval_not_applicable',
      details: { refund_no: ended.refundNo },
    });
  });
});

describe('an abnormal refund that two people send elsewhere', () => {
  test('lands where the channel says since, also while it is on its way there', async () => {
    const dead = { ...abnormal, channelRefundNo: fresh('W'), landsIn: '邮储银行储蓄卡0081' };
    const refund = await newRefund(started, dead);
    await approved('redirect_refund', [refund], { to: 'payer_card', bank: 'ICBC_DEBIT' });

    const later = minute(7).toISOString();
    await observe(db.pool, refund.id, [
      {
        ...dead,
        status: 'processing',
        source: 'submit',
        ref: 'q2',
        at: later,
        landsIn: '工商银行借记卡0128',
      },
    ]);

    const read = await getRefundById(db.pool, refund.id);
    expect(read).toMatchObject({ state: 'processing', landsIn: '工商银行借记卡0128' });
  });
});

describe('F66 money that came back', () => {
  test('I4 makes a paid refund returned by a new event, and what was seen before stays', async () => {
    const refund = await newRefund(started, paid);

    await approved('record_return', [refund], { proof: 'credit of 24 November, 23.45' });

    expect(await now(refund)).toMatchObject({ state: 'returned', stateReason: null });
  });

  test('is then paid another way, once, under the number of the refund', async () => {
    const refund = await newRefund(started, paid);
    await approved('record_return', [refund], { proof: 'a credit' });
    await approved('fallback_route', [refund], FALLBACK);
    expect(await now(refund)).toMatchObject({ state: 'returned', stateReason: 'fallback_approved' });

    const payment = { reference: 'T20261124001', paidAt: minute(7), by: 'carol' };
    await recordFallbackPayment(db.pool, refund, payment, minute(8));
    await recordFallbackPayment(db.pool, refund, payment, minute(9));

    expect(await now(refund)).toMatchObject({ state: 'returned', stateReason: 'paid_otherwise' });
    await expect(
      recordFallbackPayment(db.pool, refund, { ...payment, reference: 'T2' }, minute(9)),
    ).rejects.toMatchObject({ code: 'fallback_not_approved' });
    await expect(asked('fallback_route', [refund], FALLBACK)).rejects.toMatchObject({
      code: 'approval_not_applicable',
    });
  });

  test('that came back by mistake was paid after all, when two people have seen that it was', async () => {
    const refund = await newRefund(started, paid);
    await approved('record_return', [refund], { proof: 'a credit' });

    await expect(asked('resolve_refund', [refund], { as: 'not_paid', proof: 'x' })).rejects.toMatchObject({
      code: 'approval_not_applicable',
    });
    await approved('resolve_refund', [refund], { as: 'paid', proof: 'the credit was of another refund' });
    expect(await now(refund)).toMatchObject({ state: 'succeeded', stateReason: null });
  });

  test('is late again until the payer has it', async () => {
    const refund = await newRefund(started, paid);
    await db.owner.query(
      `update refunds set promise_at = $2, alarm_at = $3, escalate_at = $3, last_asked_at = $3 where id = $1`,
      [refund.id, minute(10), minute(10_000)],
    );
    await approved('record_return', [refund], { proof: 'a credit' });

    await flagOverdue(db.pool, minute(20));
    expect(await now(refund)).toMatchObject({ overdueLevel: 1 });

    await approved('fallback_route', [refund], FALLBACK);
    await recordFallbackPayment(
      db.pool,
      refund,
      { reference: 'T77', paidAt: minute(7), by: 'carol' },
      minute(21),
    );
    await flagOverdue(db.pool, minute(22));
    expect(await now(refund)).toMatchObject({ overdueLevel: 0 });
  });
});

describe('another way to pay', () => {
  test('I2 takes the amount of a failed refund from the payment again, and is refused where it was used since', async () => {
    const payment = await pay(db.pool, 2_345n);
    const refund = await refundOf(db.pool, 2_345n, payment);
    await observe(db.pool, refund.id, [started, refused]);
    const other = await refundOf(db.pool, 2_345n, payment);

    await expect(approved('fallback_route', [refund], FALLBACK)).rejects.toMatchObject({
      code: 'refund_exceeds_payment',
    });
    expect(await now(refund)).toMatchObject({ state: 'failed', stateReason: 'refused' });

    await observe(db.pool, other.id, [started, refused]);
    await approved('fallback_route', [refund], FALLBACK);
    await expect(refundOf(db.pool, 1n, payment)).rejects.toMatchObject({
      code: 'refund_exceeds_payment',
    });
  });

  test.each([
    ['is open to the refund of a payer whose account is closed', [started, held], true],
    ['is closed while nobody knows whether it was paid', [started], false],
    ['is closed while the channel has it', [started, { ...paid, status: 'processing' }], false],
    ['is closed to a paid one', [started, paid], false],
    ['is closed to an abnormal one: its money lies with the channel', [started, abnormal], false],
  ] as const)('%s', async (_what, evidence, open) => {
    const refund = await newRefund(...evidence);

    const asking = asked('fallback_route', [refund], FALLBACK);
    if (open) await expect(asking).resolves.toMatchObject({ act: 'fallback_route' });
    else await expect(asking).rejects.toMatchObject({ code: 'approval_not_applicable' });
  });
});

describe('an overdue flag that two people lift', () => {
  test('is gone, stays gone for its level, and is raised again at the next', async () => {
    const refund = await newRefund(started);
    await db.owner.query(
      `update refunds set promise_at = $2, alarm_at = $3, escalate_at = $4, last_asked_at = $4 where id = $1`,
      [refund.id, minute(10), minute(100), minute(1_000)],
    );
    await flagOverdue(db.pool, minute(20));
    expect(await now(refund)).toMatchObject({ overdueLevel: 1 });

    const { id } = await approved('lift_overdue', [refund], { proof: 'the payer agreed to wait' });
    expect(await now(refund)).toMatchObject({ overdueLevel: 0, state: 'unknown' });
    await flagOverdue(db.pool, minute(50));
    expect(await now(refund)).toMatchObject({ overdueLevel: 0 });
    await flagOverdue(db.pool, minute(200));
    expect(await now(refund)).toMatchObject({ overdueLevel: 2 });

    const { rows } = await db.pool.query(
      'select level, approval_id::text from overdue_flags where refund_id = $1 order by id',
      [refund.id],
    );
    expect(rows).toEqual([
      { level: 1, approval_id: null },
      { level: 0, approval_id: id },
      { level: 2, approval_id: null },
    ]);
  });

  test('cannot be lifted where there is none', async () => {
    await expect(asked('lift_overdue', [await newRefund(started)], { proof: 'x' })).rejects.toMatchObject({
      code: 'approval_not_applicable',
    });
  });
});

describe('F95 limits of the merchant', () => {
  const recorded = async (
    database: TestDatabase,
    payment: Payment,
    minor: bigint,
    o: Partial<ReleaseLimits>,
  ) => {
    const limitsOf = () => ({ ...LIMITS, partsPerPayment: 1_000 });
    const rules = { ...RULES, limitsOf, now: minute(500), releaseLimits: { ...NO_LIMITS, ...o } };
    return (await recordRefund(database.pool, requestFor(payment, minor), rules)).refund;
  };

  test('a refund over the limit waits, its amount reserved, and goes on once two people release it', async () => {
    const payment = await pay(db.pool, 1_000n);
    const small = await recorded(db, payment, 100n, { refundMinor: 100n });
    const refund = await recorded(db, payment, 101n, { refundMinor: 100n });

    expect(small.state).toBe('requested');
    expect(refund).toMatchObject({ state: 'needs_action', stateReason: 'over_limit' });
    await approved('release_refund', [refund]);
    expect(await now(refund)).toMatchObject({ state: 'requested', stateReason: null });
  });

  test('10,000 fen asked for in a hundred requests at once: exactly the hour of refunds goes, the rest waits', async () => {
    const other = await testDatabase();
    await openAccounts(other.pool);
    const payment = await pay(other.pool, 10_000n);
    const storm = await Promise.all(
      Array.from({ length: 100 }, () => recorded(other, payment, 100n, { hourlyRefunds: 40 })),
    );

    const waiting = storm.filter(({ stateReason }) => stateReason === 'over_limit');
    expect(waiting).toHaveLength(60);
    await other.drop();
  });
});
