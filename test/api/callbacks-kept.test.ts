/**
 * I15: a callback is kept before it is acknowledged. Seen with a database that makes the keeping wait, fail, or come at the
 * same time as something else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallbackReading } from '../../channels/channel.ts';
import { applyCallback, unappliedCallbacks } from '../../store/callbacks.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW, reportOf } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { ask, call, newPayment, newRefundNo, refundIn } from './calls.ts';
import type { Wire } from './wire.ts';
import { onTheWire } from './wire.ts';

let api: ApiUnderTest;
let wire: Wire;

/** The body is the number of the refund that succeeded. */
async function believeAll(message: { readonly body: Buffer }): Promise<CallbackReading> {
  const refundNo = message.body.toString('utf8');
  const report = reportOf({ refundNo, amountMinor: 100n, succeededAt: NOW });
  return { verdict: 'refund', noticeId: `n-${refundNo}`, eventType: 'REFUND.SUCCESS', report };
}

beforeAll(async () => {
  api = await apiUnderTest({ readCallback: believeAll });
  wire = await onTheWire(api);
});

afterAll(async () => {
  await api.close();
});

function notify(refundNo: string): Promise<Answer> {
  return wire.call('/callbacks/wechat/wx-1', { method: 'POST', key: null, body: refundNo });
}

async function newRefund(refundNo = newRefundNo()): Promise<string> {
  const body = {
    refund_no: refundNo,
    payment_no: await newPayment(api),
    amount_minor: '100',
    currency: 'CNY',
  };
  return refundIn(await ask(api, body)).refund_no;
}

async function stateOf(refundNo: string): Promise<unknown> {
  return ((await call(api, `/v1/refunds/${refundNo}`)).json as { state: string }).state;
}

async function keptOf(refundNo: string): Promise<{ id: string; applied: boolean }[]> {
  const { rows } = await api.database.owner.query<{ id: bigint; applied: boolean }>(
    'select id, applied_at is not null as applied from yuanlu.callbacks where refund_no = $1',
    [refundNo],
  );
  return rows.map((row) => ({ id: String(row.id), applied: row.applied }));
}

/** Who waits for a lock in this database; others on the same server are none of our business. */
const WAITERS = `pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`;

/** Holds a lock of a table until `release`, and tells when somebody waits for it. */
async function holding(lock: string): Promise<{ waited(): Promise<void>; release(): Promise<void> }> {
  const holder = await api.database.owner.connect();
  await holder.query('begin');
  await holder.query(lock);
  return {
    waited: async () => {
      const giveUpAt = Date.now() + 5_000;
      for (;;) {
        const { rows } = await holder.query<{ waiting: bigint }>(
          `select count(*) as waiting from ${WAITERS}`,
        );
        if (Number(rows[0]?.waiting) > 0) return;
        if (Date.now() > giveUpAt) throw new Error('nobody came to wait for the lock');
        await sleep(10);
      }
    },
    release: async () => {
      await holder.query('rollback');
      holder.release();
    },
  };
}

describe('I15 a notice', () => {
  test('is not acknowledged as long as it is not kept', async () => {
    const refundNo = await newRefund();
    const table = await holding('lock table yuanlu.callbacks in exclusive mode');
    let answered = false;
    const underWay = notify(refundNo).finally(() => {
      answered = true;
    });

    await table.waited();
    const before = { answered, kept: (await keptOf(refundNo)).length };
    await table.release();
    const answer = await underWay;

    expect(before).toEqual({ answered: false, kept: 0 });
    expect(answer.status).toBe(204);
    expect(await keptOf(refundNo)).toMatchObject([{ applied: true }]);
  });

  test('whose keeping is cut off is asked for again, and counts once when it comes', async () => {
    const refundNo = await newRefund();
    const table = await holding('lock table yuanlu.callbacks in exclusive mode');
    const underWay = notify(refundNo);
    await table.waited();

    await api.database.owner.query(`select pg_terminate_backend(pid) from ${WAITERS}`);
    const refused = await underWay;
    await table.release();

    expect(refused.status).toBe(503);
    expect(refused.json).toMatchObject({ code: 'FAIL' });
    expect(await keptOf(refundNo)).toEqual([]);
    expect((await notify(refundNo)).status).toBe(204);
    expect(await stateOf(refundNo)).toBe('succeeded');
  });

  test('that is kept and cannot be applied now is acknowledged, and applied later by the scheduler', async () => {
    const refundNo = await newRefund();
    await api.database.owner.query(
      `create function yuanlu.refuse_observations() returns trigger language plpgsql as
         $$ begin raise exception 'a fault between keeping and applying'; end $$;
       create trigger refuse before insert on yuanlu.observations for each row execute function yuanlu.refuse_observations()`,
    );

    const answer = await notify(refundNo);

    await api.database.owner.query('drop function yuanlu.refuse_observations() cascade');
    expect(answer.status).toBe(204);
    expect(await keptOf(refundNo)).toMatchObject([{ applied: false }]);
    expect(await stateOf(refundNo)).toBe('requested');
    const waiting = await unappliedCallbacks(api.database.pool, { limit: 10 });
    for (const id of waiting) await applyCallback(api.database.pool, id);
    expect(await stateOf(refundNo)).toBe('succeeded');
    expect(await unappliedCallbacks(api.database.pool, { limit: 10 })).toEqual([]);
  });

  test('F31: that came before its refund counts as soon as the refund is there', async () => {
    const refundNo = newRefundNo();
    expect((await notify(refundNo)).status).toBe(204);
    expect(await unappliedCallbacks(api.database.pool, { limit: 10 })).toEqual([]);

    await newRefund(refundNo);

    const waiting = await unappliedCallbacks(api.database.pool, { limit: 10 });
    expect(waiting).toEqual((await keptOf(refundNo)).map((one) => one.id));
    for (const id of waiting) await applyCallback(api.database.pool, id);
    expect(await stateOf(refundNo)).toBe('succeeded');
  });

  test('F29: three deliveries of one notice at the same instant are one notice, kept and counted once', async () => {
    const refundNo = await newRefund();

    await Promise.all([notify(refundNo), notify(refundNo), notify(refundNo)]);

    expect(await keptOf(refundNo)).toHaveLength(1);
    expect(await stateOf(refundNo)).toBe('succeeded');
    const { json } = await call(api, `/v1/refunds/${refundNo}/observations`);
    expect((json as { observations: unknown[] }).observations).toHaveLength(1);
  });
});
