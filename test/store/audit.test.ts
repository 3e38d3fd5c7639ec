/** I12: the audit trail proves itself, and every change of a refund is in it from the moment it is there. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Refund } from '../../domain/refund/refund.ts';
import { verifyAudit } from '../../store/audit.ts';
import { observe } from '../../store/observations.ts';
import { flagOverdue } from '../../store/overdue.ts';
import { inTransaction } from '../../store/pool.ts';
import { recordRefund } from '../../store/record-refund.ts';
import { planWindow } from '../../store/arrival-plans.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import {
  RULES,
  countOf,
  minute,
  openAccounts,
  pay,
  refundOf,
  requestFor,
  said,
  sent,
  turnedDown,
} from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

interface Entry {
  readonly seq: number;
  readonly actor: string;
  readonly action: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown>;
  readonly previous_hash: string;
  readonly hash: string;
}

async function trailOf(refundId: string): Promise<Entry[]> {
  const { rows } = await db.pool.query<Entry>('select * from audit where refund_id = $1 order by seq', [
    refundId,
  ]);
  return rows;
}

/** What a superuser can do and nobody else: change the trail behind the back of its guards. */
async function tamper(...statements: readonly string[]): Promise<void> {
  await inTransaction(db.owner, async (tx) => {
    await tx.query('set local session_replication_role = replica');
    for (const statement of statements) await tx.query(statement);
  });
}

/** A refund with four records: recorded, processing, flagged, succeeded. */
async function story(): Promise<Refund> {
  const refund = await refundOf(db.pool, 500n);
  await observe(db.pool, refund.id, [said('processing', 2)]);
  await planWindow(
    db.pool,
    refund.id,
    {
      promiseAt: minute(10),
      alarmAt: minute(20),
      escalateAt: minute(30),
      windowVersion: 'w',
      calendarRevision: 'c',
      provisional: false,
      basis: 'source',
    },
    minute(2),
  );
  await flagOverdue(db.pool, minute(11));
  return observe(db.pool, refund.id, [said('success', 12)]);
}

describe('every change of a refund', () => {
  test('has its record: who, what, before and after, in a gapless chain that begins with nothing', async () => {
    const refund = await story();

    const trail = await trailOf(refund.id);

    expect(trail.map(({ seq, action }) => [seq, action])).toEqual([
      [1, 'refund.recorded'],
      [2, 'refund.changed'],
      [3, 'refund.changed'],
      [4, 'refund.changed'],
    ]);
    expect(trail[0]).toMatchObject({
      before: null,
      previous_hash: '',
      after: {
        state: 'requested',
        refund_no: refund.refundNo,
        amount_minor: '500',
        currency: 'CNY',
        counted: true,
      },
    });
    expect(trail.slice(1).map((one) => [one.before?.['state'], one.after['state']])).toEqual([
      ['requested', 'processing'],
      ['processing', 'processing'],
      ['processing', 'succeeded'],
    ]);
    expect(trail.slice(2).map((one) => [one.before?.['overdue_level'], one.after['overdue_level']])).toEqual([
      [0, 1],
      [1, 1],
    ]);
    for (const [n, one] of trail.entries()) {
      expect(one.previous_hash).toBe(trail[n - 1]?.hash ?? '');
      // The login user, not the role that it took on: roles are shared.
      expect(one.actor).toBe(new URL(db.url).username);
    }
    expect(new Set(trail.map((one) => one.hash)).size).toBe(4);
    expect(await verifyAudit(db.pool)).toBeNull();
  });

  test('has it in the same transaction: both are there or none', async () => {
    const refund = await refundOf(db.pool, 500n);
    const undone = inTransaction(db.pool, async (tx) => {
      await tx.query(`update refunds set overdue_level = 1 where id = $1`, [refund.id]);
      const { rows } = await tx.query<{ n: bigint }>('select count(*) as n from audit where refund_id = $1', [
        refund.id,
      ]);
      expect(rows[0]?.n).toBe(2n);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');

    expect(await trailOf(refund.id)).toHaveLength(1);
  });

  test('that is none leaves no record', async () => {
    const refund = await refundOf(db.pool, 500n);
    await db.pool.query('update refunds set overdue_level = overdue_level, state = state where id = $1', [
      refund.id,
    ]);
    await db.pool.query(`update refunds set last_answer = 'x' where id = $1`, [refund.id]);
    expect(await trailOf(refund.id)).toHaveLength(1);
  });

  test('F10 of what a refund reserves is in it, too', async () => {
    const refund = await refundOf(db.pool, 500n);
    await observe(db.pool, refund.id, [sent(1, 2), turnedDown(1, 3)]);
    const trail = await trailOf(refund.id);
    expect(trail.at(-1)?.after).toMatchObject({ state: 'failed', counted: false });
    expect(await verifyAudit(db.pool)).toBeNull();
  });

  test('by many writers at once still makes one chain without a gap', async () => {
    const payment = await pay(db.pool, 100_000n);
    const refunds = await Promise.all(
      Array.from(
        { length: 10 },
        async () => (await recordRefund(db.pool, requestFor(payment, 5n), RULES)).refund,
      ),
    );

    await Promise.all(
      refunds.flatMap(({ id }) =>
        [sent(1, 2), said('processing', 3), said('success', 4)].map((one) => observe(db.pool, id, [one])),
      ),
    );

    expect(await verifyAudit(db.pool)).toBeNull();
    for (const { id } of refunds) {
      const trail = await trailOf(id);
      expect(trail.map(({ seq }) => seq)).toEqual(trail.map((_, n) => n + 1));
      expect(trail.at(-1)?.after).toMatchObject({ state: 'succeeded' });
    }
  });
});

describe('F90 I12 the check of the trail', () => {
  let refund: Refund;
  let trail: Entry[];

  beforeEach(async () => {
    refund = await story();
    trail = await trailOf(refund.id);
    expect(await verifyAudit(db.pool)).toBeNull();
  });

  // Other tests look at the same trail: what was broken here goes with its refund.
  afterEach(() =>
    tamper(`delete from audit where refund_id = ${refund.id}`, `delete from refunds where id = ${refund.id}`),
  );

  const found = (seq: number, why: string) => ({ refundId: refund.id, seq, why });

  test.each([
    ['the state it says', `after = jsonb_set(after, '{state}', '"failed"')`],
    ['the state before', `before = jsonb_set(before, '{state}', '"failed"')`],
    ['who did it', `actor = 'somebody else'`],
    ['what was done', `action = 'refund.nothing'`],
    ['when, by a microsecond', `at = at + interval '1 microsecond'`],
    ['its own hash', `hash = repeat('0', 64)`],
    ['what it follows', `previous_hash = repeat('0', 64)`],
  ])('finds a record that was changed in %s', async (_, change) => {
    await tamper(`update audit set ${change} where refund_id = ${refund.id} and seq = 2`);
    expect(await verifyAudit(db.pool)).toMatchObject(found(2, 'changed'));
  });

  test('finds a record that was changed and hashed anew, by the one that follows it', async () => {
    await tamper(
      `update audit set actor = 'somebody else' where refund_id = ${refund.id} and seq = 2`,
      `update audit set hash = audit_hash(refund_id, seq, at, actor, action, before, after, previous_hash)
        where refund_id = ${refund.id} and seq = 2`,
    );
    expect(await verifyAudit(db.pool)).toMatchObject(found(3, 'chain is broken'));
  });

  test('finds a forged end: the last record, hashed anew, no longer says what the refund says', async () => {
    await tamper(
      `update audit set after = jsonb_set(after, '{state}', '"processing"') where refund_id = ${refund.id} and seq = 4`,
      `update audit set hash = audit_hash(refund_id, seq, at, actor, action, before, after, previous_hash)
        where refund_id = ${refund.id} and seq = 4`,
    );
    expect(await verifyAudit(db.pool)).toMatchObject(found(4, 'refund differs from its last record'));
  });

  test.each([
    ['first', 1, 2, 'record before it is missing'],
    ['middle', 2, 3, 'record before it is missing'],
    ['last', 4, 3, 'refund differs from its last record'],
  ])('finds that the %s record was deleted', async (_, deleted, seq, why) => {
    await tamper(`delete from audit where refund_id = ${refund.id} and seq = ${String(deleted)}`);
    expect(await verifyAudit(db.pool)).toMatchObject(found(seq, why));
  });

  test('finds a gap that was closed by renumbering', async () => {
    await tamper(
      `delete from audit where refund_id = ${refund.id} and seq = 2`,
      `update audit set seq = 2 where refund_id = ${refund.id} and seq = 3`,
    );
    expect(await verifyAudit(db.pool)).toMatchObject(found(2, 'changed'));
  });

  test('finds two records that changed places', async () => {
    await tamper(
      `update audit set seq = -3 where refund_id = ${refund.id} and seq = 2`,
      `update audit set seq = 2 where refund_id = ${refund.id} and seq = 3`,
      `update audit set seq = 3 where refund_id = ${refund.id} and seq = -3`,
    );
    const broken = await verifyAudit(db.pool);
    expect(broken).toMatchObject({ refundId: refund.id, why: 'changed' });
    expect([2, 3]).toContain(broken?.seq);
  });

  test('finds a record that was copied in from another refund', async () => {
    const other = await story();
    await tamper(
      `update audit set refund_id = ${refund.id}, seq = 9 where refund_id = ${other.id} and seq = 1`,
    );
    expect(await verifyAudit(db.pool)).toMatchObject(found(9, 'changed'));
    await tamper(
      `delete from audit where refund_id = ${other.id}`,
      `delete from refunds where id = ${other.id}`,
    );
  });

  test('finds a refund whose records are all gone', async () => {
    await tamper(`delete from audit where refund_id = ${refund.id}`);
    expect(await verifyAudit(db.pool)).toEqual({ id: null, ...found(0, 'refund has no record') });
  });

  test('finds records whose refund is gone', async () => {
    await tamper(`delete from refunds where id = ${refund.id}`);
    expect(await verifyAudit(db.pool)).toMatchObject(found(4, 'record of no refund'));
  });

  test('finds a refund that was changed behind the back of the trail', async () => {
    await tamper(`update refunds set state = 'failed', counted = false where id = ${refund.id}`);
    expect(await verifyAudit(db.pool)).toMatchObject(found(4, 'refund differs from its last record'));
  });

  test('names the first of several in the order of recording', async () => {
    await tamper(`update audit set actor = 'x' where refund_id = ${refund.id} and seq in (2, 4)`);
    const { rows } = await db.owner.query<{ id: bigint }>(
      'select id from audit where refund_id = $1 and seq = 2',
      [refund.id],
    );
    expect(await verifyAudit(db.pool)).toEqual({ id: String(rows[0]?.id), ...found(2, 'changed') });
  });

  test('has nothing to say of a trail that is whole', async () => {
    expect(trail).toHaveLength(4);
    expect(await countOf(db, 'audit where refund_id = $1', [refund.id])).toBe(4);
    expect(await verifyAudit(db.pool)).toBeNull();
  });
});

test('the hash keeps fields apart: moving text from one to the next makes another hash', async () => {
  const hashOf = async (actor: string, action: string): Promise<string> => {
    const { rows } = await db.owner.query<{ hash: string }>(
      `select audit_hash(1, 1, '2026-11-24T00:00:00Z', $1, $2, null, '{}', '') as hash`,
      [actor, action],
    );
    return rows[0]?.hash ?? '';
  };
  expect(await hashOf('a|b', 'c')).not.toBe(await hashOf('a', 'b|c'));
  expect(await hashOf('a', 'b|')).not.toBe(await hashOf('a|b', ''));
});
