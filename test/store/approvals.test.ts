/** Four eyes in the database: what no code of ours, and nobody with the application's login, gets around. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyActAudit } from '../../store/act-audit.ts';
import { askForApproval } from '../../store/approvals.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { MERCHANT, fresh, minute, openAccounts } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

async function asked(): Promise<string> {
  const { id } = await askForApproval(db.pool, {
    ...{ merchantId: MERCHANT, act: 'resolve_refund', refundNos: [fresh('R')], content: { as: 'paid' } },
    ...{ askedBy: 'alice', reason: 'silent', now: minute(0) },
  });
  return id;
}

function decided(id: string, o: { by?: string; at?: Date; verdict?: string } = {}): Promise<unknown> {
  return db.pool.query(
    `update approvals set verdict = $2, decided_by = $3, decided_at = $4, decision_reason = 'seen' where id = $1`,
    [id, o.verdict ?? 'approved', o.by ?? 'bob', o.at ?? minute(1)],
  );
}

const BROKEN = { code: '23514' };
const REWRITTEN = { code: '23000' };

describe('the database refuses', () => {
  test.each(['alice', 'ALICE'])('a decision of the person who asked: %s', async (by) => {
    await expect(decided(await asked(), { by })).rejects.toMatchObject({
      ...BROKEN,
      constraint: 'four_eyes',
    });
  });

  test.each([minute(-1), minute(24 * 60)])(
    'a decision before it was asked or after its life: %s',
    async (at) => {
      await expect(decided(await asked(), { at })).rejects.toMatchObject({ constraint: 'decided_in_time' });
    },
  );

  test('half a decision', async () => {
    const id = await asked();

    await expect(
      db.pool.query(`update approvals set verdict = 'approved' where id = $1`, [id]),
    ).rejects.toMatchObject({ constraint: 'decided_whole' });
  });

  test('another decision, or another use, once there is one', async () => {
    const id = await asked();
    await decided(id);
    await db.pool.query('update approvals set used_at = $2 where id = $1', [id, minute(2)]);

    await expect(decided(id, { verdict: 'rejected' })).rejects.toMatchObject(REWRITTEN);
    await expect(
      db.pool.query('update approvals set used_at = $2 where id = $1', [id, minute(3)]),
    ).rejects.toMatchObject(REWRITTEN);
  });

  test('a use of what was rejected or never decided', async () => {
    const open = await asked();
    const rejected = await asked();
    await decided(rejected, { verdict: 'rejected' });

    for (const id of [open, rejected]) {
      await expect(
        db.pool.query('update approvals set used_at = $2 where id = $1', [id, minute(2)]),
      ).rejects.toMatchObject({ constraint: 'used_as_approved' });
    }
  });

  test('another content under a request, and its removal, also to the owner', async () => {
    const id = await asked();

    await expect(
      db.owner.query(`update approvals set content = '{"as":"not_paid"}' where id = $1`, [id]),
    ).rejects.toMatchObject(REWRITTEN);
    await expect(db.owner.query('delete from approvals where id = $1', [id])).rejects.toMatchObject({
      code: '42501',
    });
    await expect(
      db.pool.query(`update approvals set content = '{}' where id = $1`, [id]),
    ).rejects.toMatchObject({ code: '42501' });
  });
});

describe('the audit', () => {
  test('has who asked, who decided and how, in a chain that a change anywhere breaks', async () => {
    const other = await testDatabase();
    await openAccounts(other.pool);
    const { id } = await askForApproval(other.pool, {
      ...{ merchantId: MERCHANT, act: 'resolve_refund', refundNos: ['R1'], content: { as: 'paid' } },
      ...{ askedBy: 'alice', reason: 'silent', now: minute(0) },
    });
    await other.pool.query(
      `update approvals set verdict = 'rejected', decided_by = 'bob', decided_at = $2, decision_reason = 'no' where id = $1`,
      [id, minute(1)],
    );

    const { rows } = await other.pool.query(
      `select action, actor from act_audit where subject = 'approval' and subject_id = $1 order by seq`,
      [id],
    );
    expect(rows).toEqual([
      { action: 'approval.asked', actor: 'alice' },
      { action: 'approval.rejected', actor: 'bob' },
    ]);
    expect(await verifyActAudit(other.pool)).toBeNull();

    await other.owner.query('alter table act_audit disable trigger append_only');
    await other.owner.query(`update act_audit set actor = 'carol' where action = 'approval.rejected'`);
    expect(await verifyActAudit(other.pool)).toMatchObject({
      subject: 'approval',
      subjectId: id,
      why: 'changed',
    });
    await other.drop();
  });
});
