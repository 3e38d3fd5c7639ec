/** I15: a callback is stored as it came before anything else, has its effect once, and none is ever dropped. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallbackContent, NewCallback } from '../../store/callbacks.ts';
import { applyCallback, refusedSince, storeCallback, unappliedCallbacks } from '../../store/callbacks.ts';
import { observationsOf } from '../../store/observations.ts';
import { recordRefund } from '../../store/record-refund.ts';
import { getRefundById } from '../../store/refunds.ts';
import { cuttableProxy } from '../api/cuttable-proxy.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { createPool } from '../../store/pool.ts';
import { ACCOUNT, RULES, countOf, fresh, minute, openAccounts, pay, refundOf, requestFor } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

type RefundNotice = Extract<CallbackContent, { verdict: 'refund' }>;

function notice(refundNo: string, o: Partial<RefundNotice> = {}): RefundNotice {
  return {
    verdict: 'refund',
    noticeId: fresh('notice-'),
    eventType: 'REFUND.SUCCESS',
    refundNo,
    report: { kind: 'channel_report', status: 'success', amountMinor: '500' },
    ...o,
  };
}

function message(content: CallbackContent, o: Partial<NewCallback> = {}): NewCallback {
  return {
    accountId: ACCOUNT,
    channel: 'wechat',
    receivedAt: minute(5),
    headers: { 'wechatpay-nonce': 'n', 'content-type': 'application/json' },
    body: Buffer.from('{"id":"1"}'),
    content,
    ...o,
  };
}

describe('a message', () => {
  test('is kept as it came, byte for byte, with what it was read as', async () => {
    const body = Buffer.from([0, 255, 10, 13, 0xe9, 0x80, 0x80]);
    const content = notice(fresh('R'));

    const { id, duplicate } = await storeCallback(db.pool, message(content, { body }));

    const { rows } = await db.owner.query('select * from callbacks where id = $1', [id]);
    expect(duplicate).toBe(false);
    expect(rows).toMatchObject([
      {
        channel: 'wechat',
        account_id: ACCOUNT,
        received_at: minute(5),
        headers: { 'wechatpay-nonce': 'n', 'content-type': 'application/json' },
        body,
        verdict: 'refund',
        refusal_code: null,
        notice_id: content.noticeId,
        event_type: 'REFUND.SUCCESS',
        refund_no: content.refundNo,
        report: content.report,
        applied_at: null,
        refund_id: null,
      },
    ]);
  });

  test('cannot be rewritten afterwards, but for the note that it was applied', async () => {
    const { id } = await storeCallback(db.pool, message(notice(fresh('R'))));
    for (const change of [`body = ''`, `verdict = 'unhandled'`, `report = '{}'`, `received_at = now()`]) {
      await expect(db.owner.query(`update callbacks set ${change} where id = $1`, [id])).rejects.toThrow(
        /cannot be rewritten/,
      );
    }
  });

  test('of a kind that nobody handles is kept, and never waits to be applied', async () => {
    const content = { verdict: 'unhandled', noticeId: fresh('notice-'), eventType: 'NEW.EVENT' } as const;
    const { id } = await storeCallback(db.pool, message(content));
    expect(await unappliedCallbacks(db.pool, { limit: 1000 })).not.toContain(id);
    expect(await applyCallback(db.pool, id)).toEqual({ refund: null });
  });

  test('whose words Postgres cannot hold is kept all the same', async () => {
    const content = notice(fresh('R'), {
      report: { kind: 'channel_report', status: 'success', landsIn: 'a\0b\ud800c' },
    });
    const { id } = await storeCallback(db.pool, message(content, { headers: { 'x-odd': 'a\0b' } }));
    const { rows } = await db.owner.query('select report, headers from callbacks where id = $1', [id]);
    expect(rows).toMatchObject([{ report: { landsIn: 'a␀b\ufffdc' }, headers: { 'x-odd': 'a␀b' } }]);
  });
});

describe('F29 the same notice again', () => {
  test('fifteen times makes one row and one piece of evidence, whatever its encrypted body looks like', async () => {
    const refund = await refundOf(db.pool, 500n);
    const content = notice(refund.refundNo);

    for (let time = 0; time < 15; time += 1) {
      const body = Buffer.from(`{"ciphertext":"${String(time)}"}`);
      const stored = await storeCallback(db.pool, message(content, { body, receivedAt: minute(5 + time) }));
      expect(stored.duplicate).toBe(time > 0);
      const { refund: after } = await applyCallback(db.pool, stored.id);
      expect(after).toMatchObject({ id: refund.id, state: 'succeeded' });
    }

    expect(await countOf(db, 'callbacks where notice_id = $1', [content.noticeId])).toBe(1);
    expect(await observationsOf(db.pool, refund.id)).toMatchObject([
      { source: 'callback', ref: content.noticeId, at: minute(5).toISOString(), status: 'success' },
    ]);
    expect(await countOf(db, 'audit where refund_id = $1', [refund.id])).toBe(2);
  });

  test('at the same instant makes one row, and everybody is told which', async () => {
    const content = notice(fresh('R'));
    const ends = await Promise.all(
      Array.from({ length: 12 }, () => storeCallback(db.pool, message(content))),
    );
    expect(new Set(ends.map(({ id }) => id)).size).toBe(1);
    expect(ends.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  });

  test('applied at the same instant has its effect once', async () => {
    const refund = await refundOf(db.pool, 500n);
    const { id } = await storeCallback(db.pool, message(notice(refund.refundNo)));
    await Promise.all(Array.from({ length: 8 }, () => applyCallback(db.pool, id)));
    expect(await countOf(db, 'observations where refund_id = $1', [refund.id])).toBe(1);
  });

  const changes: readonly (readonly [string, Partial<RefundNotice>])[] = [
    ['another refund', { refundNo: 'another' }],
    ['another amount', { report: { kind: 'channel_report', status: 'success', amountMinor: '1' } }],
    ['another verdict', { report: { kind: 'channel_report', status: 'closed', amountMinor: '500' } }],
  ];
  test.each(changes)('F35 with %s is a replay: refused, and the first stays', async (_, change) => {
    const refund = await refundOf(db.pool, 500n);
    const content = notice(refund.refundNo);
    const { id } = await storeCallback(db.pool, message(content));

    await expect(storeCallback(db.pool, message({ ...content, ...change }))).rejects.toMatchObject({
      code: 'callback_replayed',
    });

    await applyCallback(db.pool, id);
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ state: 'succeeded' });
  });

  test('at another account is another notice: each channel account numbers its own', async () => {
    const content = notice(fresh('R'));
    const first = await storeCallback(db.pool, message(content));
    const second = await storeCallback(db.pool, message(content, { accountId: 'stall-wechat' }));
    expect(second).toMatchObject({ duplicate: false });
    expect(second.id).not.toBe(first.id);
  });
});

describe('F31 a notice about a refund that nobody knows', () => {
  test('waits in the inbox, and is applied once the refund is known', async () => {
    const payment = await pay(db.pool, 500n);
    const request = requestFor(payment, 500n);
    const { id } = await storeCallback(db.pool, message(notice(request.refundNo)));
    expect(await applyCallback(db.pool, id)).toEqual({ refund: null });
    // Nobody is asked to try what cannot succeed yet.
    expect(await unappliedCallbacks(db.pool, { limit: 1000 })).not.toContain(id);

    const { refund } = await recordRefund(db.pool, request, RULES);

    expect(await unappliedCallbacks(db.pool, { limit: 1000 })).toContain(id);
    expect((await applyCallback(db.pool, id)).refund).toMatchObject({ id: refund.id, state: 'succeeded' });
    expect(await unappliedCallbacks(db.pool, { limit: 1000 })).not.toContain(id);
    const { rows } = await db.owner.query('select applied_at, refund_id from callbacks where id = $1', [id]);
    expect(rows).toEqual([{ applied_at: minute(5), refund_id: BigInt(refund.id) }]);
  });

  test('of another account is not taken for ours: numbers are per account', async () => {
    const refund = await refundOf(db.pool, 500n);
    const { id } = await storeCallback(
      db.pool,
      message(notice(refund.refundNo), { accountId: 'stall-wechat' }),
    );
    expect(await applyCallback(db.pool, id)).toEqual({ refund: null });
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ state: 'requested' });
  });

  test('is listed oldest first, as many as one wants', async () => {
    const refund = await refundOf(db.pool, 500n);
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      ids.push((await storeCallback(db.pool, message(notice(refund.refundNo)))).id);
    }
    const listed = (await unappliedCallbacks(db.pool, { limit: 1000 })).filter((id) => ids.includes(id));
    expect(listed).toEqual(ids);
    expect(await unappliedCallbacks(db.pool, { limit: 2 })).toHaveLength(2);
  });
});

describe('a notice that names a transaction', () => {
  const withTransaction = async (transactionId: string) => {
    const payment = await pay(db.pool, 500n, { transactionId: fresh('T') });
    const refund = await refundOf(db.pool, 500n, payment);
    const report = {
      kind: 'channel_report',
      status: 'success',
      transactionId: transactionId === 'same' ? (payment.transactionId ?? '') : transactionId,
    } as const;
    const { id } = await storeCallback(db.pool, message(notice(refund.refundNo, { report })));
    return applyCallback(db.pool, id);
  };

  test('that is not the payment’s is no word about this money: a contradiction, not a success', async () => {
    const { refund } = await withTransaction('T-other');
    expect(refund).toMatchObject({
      state: 'needs_action',
      stateReason: 'payment_mismatch',
      succeededAt: null,
    });
  });

  test('that is the payment’s counts', async () => {
    expect((await withTransaction('same')).refund).toMatchObject({ state: 'succeeded' });
  });
});

describe('a notice that contradicts the books about the payment', () => {
  const told = async (more: object, o: { transactionId?: string } = { transactionId: fresh('T') }) => {
    const payment = await pay(db.pool, 800n, o);
    const refund = await refundOf(db.pool, 500n, payment);
    const report = {
      kind: 'channel_report',
      status: 'success',
      ...(o.transactionId === undefined ? {} : { transactionId: o.transactionId }),
      ...{ paymentNo: payment.paymentNo, capturedMinor: '800', refundedSoFarMinor: '800', ...more },
    } as const;
    const { id } = await storeCallback(db.pool, message(notice(refund.refundNo, { report })));
    const after = (await applyCallback(db.pool, id)).refund;
    return { after, evidence: await observationsOf(db.pool, refund.id), id };
  };

  test('in nothing counts, up to all that was captured', async () => {
    expect((await told({})).after).toMatchObject({ state: 'succeeded' });
  });

  test.each([
    [
      'more given back than was captured',
      { refundedSoFarMinor: '801' },
      ['refunded_so_far_minor'],
      'amount_mismatch',
    ],
    ['another amount captured', { capturedMinor: '100' }, ['captured_minor'], 'amount_mismatch'],
    ['another order', { paymentNo: 'FOREIGN' }, ['payment_no'], 'payment_mismatch'],
    [
      'all of it',
      { paymentNo: 'FOREIGN', capturedMinor: '100', refundedSoFarMinor: '99999900' },
      ['payment_no', 'captured_minor', 'refunded_so_far_minor'],
      'amount_mismatch',
    ],
  ])(
    'I5 F33 by %s goes to a person with its code, and is no success',
    async (_what, more, fields, reason) => {
      const { after, evidence, id } = await told(more);

      expect(after).toMatchObject({ state: 'needs_action', stateReason: reason, succeededAt: null });
      expect(evidence).toMatchObject([
        { kind: 'payment_mismatch', source: 'callback', code: 'callback_contradicts_books', fields },
      ]);
      expect(
        await countOf(db, `callbacks where id = $1 and verdict = 'refund' and applied_at is not null`, [id]),
      ).toBe(1);
    },
  );

  test('by its order alone, of a payment whose transaction nobody knows yet, may be about another payment', async () => {
    const { after, evidence } = await told({ paymentNo: 'FOREIGN' }, {});

    expect(after).toMatchObject({ state: 'needs_action', stateReason: 'payment_mismatch' });
    expect(evidence[0]).not.toHaveProperty('code');
  });
});

describe('F35 a refused message', () => {
  const refused = (o: Partial<NewCallback> = {}) =>
    storeCallback(db.pool, message({ verdict: 'refused', code: 'callback_signature_invalid' }, o));

  test('is kept with its reason and never applied, as often as it comes', async () => {
    const first = await refused();
    const second = await refused();
    expect(first.id).not.toBe(second.id);
    expect(await applyCallback(db.pool, first.id)).toEqual({ refund: null });
    expect(await unappliedCallbacks(db.pool, { limit: 1000 })).not.toContain(first.id);
  });

  test('is counted for its account from an instant on, and messages to no account of ours by themselves', async () => {
    const before = await refusedSince(db.pool, ACCOUNT, minute(100));
    const beforeNobody = await refusedSince(db.pool, null, minute(100));

    await refused({ receivedAt: minute(99) });
    await refused({ receivedAt: minute(100) });
    await refused({ receivedAt: minute(101), accountId: 'stall-wechat' });
    await refused({ receivedAt: minute(101), accountId: null });
    await storeCallback(db.pool, message(notice(fresh('R')), { receivedAt: minute(102) }));

    expect(await refusedSince(db.pool, ACCOUNT, minute(100))).toBe(before + 1);
    expect(await refusedSince(db.pool, null, minute(100))).toBe(beforeNobody + 1);
  });

  test('cannot pass for a genuine one: without an account there are no keys', async () => {
    await expect(
      storeCallback(db.pool, message(notice(fresh('R')), { accountId: null })),
    ).rejects.toMatchObject({ code: '23514' });
  });
});

describe('F38 while Postgres is away', () => {
  test('storing says so, nothing counts as stored, and the channel’s next try is', async () => {
    const proxy = await cuttableProxy(db.url);
    const pool = createPool({ url: proxy.through(db.url), role: 'yuanlu_app', max: 2, name: 'test-away' });
    const content = notice(fresh('R'));
    proxy.cut();
    await expect(storeCallback(pool, message(content))).rejects.toMatchObject({
      code: 'database_unavailable',
    });
    expect(await countOf(db, 'callbacks where notice_id = $1', [content.noticeId])).toBe(0);

    proxy.mend();
    expect(await storeCallback(pool, message(content))).toMatchObject({ duplicate: false });

    await pool.end();
    await proxy.close();
  });

  test('I15 F77 an application whose commit got no answer is applied once, however often it is tried', async () => {
    const proxy = await cuttableProxy(db.url);
    const pool = createPool({ url: proxy.through(db.url), role: 'yuanlu_app', max: 1, name: 'test-lost' });
    const refund = await refundOf(db.pool, 500n);
    const { id } = await storeCallback(pool, message(notice(refund.refundNo)));
    proxy.loseNextCommit();
    await expect(applyCallback(pool, id)).rejects.toMatchObject({ code: 'database_unavailable' });

    expect((await applyCallback(pool, id)).refund).toMatchObject({ state: 'succeeded' });
    expect(await countOf(db, 'observations where refund_id = $1', [refund.id])).toBe(1);

    await pool.end();
    await proxy.close();
  });
});

describe('a notice that names a refund by number and time', () => {
  const timed = (refundNo: string, requestedAt: Date) =>
    notice(refundNo, {
      report: {
        kind: 'channel_report',
        status: 'success',
        amountMinor: '500',
        requestedAt: requestedAt.toISOString(),
      },
    });

  test('is believed when both are the refund’s, to the second', async () => {
    const refund = await refundOf(db.pool, 500n);
    const second = new Date(Math.floor(refund.requestedAt.getTime() / 1_000) * 1_000);
    const { id } = await storeCallback(db.pool, message(timed(refund.refundNo, second)));

    expect((await applyCallback(db.pool, id)).refund?.state).toBe('succeeded');
  });

  test('of another day is no word about this refund’s money: the contradiction is recorded in its place', async () => {
    const refund = await refundOf(db.pool, 500n);
    const { id } = await storeCallback(
      db.pool,
      message(timed(refund.refundNo, new Date('2025-01-01T00:00:00Z'))),
    );

    await applyCallback(db.pool, id);

    expect((await getRefundById(db.pool, refund.id))?.state).not.toBe('succeeded');
    expect(await observationsOf(db.pool, refund.id)).toMatchObject([
      { kind: 'payment_mismatch', fields: ['requested_at'] },
    ]);
  });
});

describe('a repeat of a notice', () => {
  const told = (refundNo: string, noticeId: string, more: object) =>
    notice(refundNo, {
      noticeId,
      report: { kind: 'channel_report', status: 'success', amountMinor: '500', ...more },
    });

  test('that says more than the first, neither identity nor money, is the same notice', async () => {
    const [refundNo, noticeId] = [fresh('R'), fresh('notice-')];
    const first = await storeCallback(db.pool, message(told(refundNo, noticeId, {})));
    const more = { clearingDate: '1124', flaw: 'A6' };

    expect(await storeCallback(db.pool, message(told(refundNo, noticeId, more)))).toEqual({
      id: first.id,
      duplicate: true,
    });
  });

  test('that names the payment, which the version before did not read, is the same notice', async () => {
    const [refundNo, noticeId] = [fresh('R'), fresh('notice-')];
    const payment = { paymentNo: 'P1', capturedMinor: '500' };
    const { id } = await storeCallback(db.pool, message(told(refundNo, noticeId, {})));
    expect(await storeCallback(db.pool, message(told(refundNo, noticeId, payment)))).toEqual({
      id,
      duplicate: true,
    });

    const second = fresh('notice-');
    await storeCallback(db.pool, message(told(refundNo, second, payment)));
    await expect(
      storeCallback(db.pool, message(told(refundNo, second, { ...payment, capturedMinor: '501' }))),
    ).rejects.toMatchObject({ code: 'callback_replayed' });
  });

  test.each([{ amountMinor: '501' }, { bankAmountMinor: '501' }])(
    'that says otherwise about money is refused: %o',
    async (more) => {
      const [refundNo, noticeId] = [fresh('R'), fresh('notice-')];
      await storeCallback(db.pool, message(told(refundNo, noticeId, {})));

      await expect(storeCallback(db.pool, message(told(refundNo, noticeId, more)))).rejects.toMatchObject({
        code: 'callback_replayed',
      });
    },
  );
});
