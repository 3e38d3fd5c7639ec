/** Four eyes in the database: what no code of ours, and nobody with the application's login, gets around. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Approval, ApprovalSubject } from '../../domain/approval.ts';
import { verifyActAudit } from '../../store/act-audit.ts';
import { askForApproval, getApproval } from '../../store/approvals.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, MERCHANT, fresh, minute, openAccounts } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

async function askedAbout(subject: ApprovalSubject): Promise<Approval> {
  return askForApproval(db.pool, {
    ...{ merchantId: MERCHANT, act: 'resolve_refund', content: { as: 'paid' }, subject },
    ...{ askedBy: 'alice', reason: 'silent', now: minute(0) },
  });
}

async function asked(): Promise<string> {
  const { id } = await askedAbout({ of: 'refunds', refundNos: [fresh('R')] });
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

describe('a request may be about refunds, breaks or a day', () => {
  test.each<ApprovalSubject>([
    { of: 'refunds', refundNos: ['R-1'] },
    { of: 'refunds', refundNos: ['R-1', 'R-2'] },
    { of: 'breaks', breakIds: ['7'] },
    { of: 'breaks', breakIds: ['7', '9007199254740993'] },
    { of: 'day', accountId: ACCOUNT, billDate: '2026-11-24' },
  ])('%o comes back as it was asked', async (subject) => {
    const { id, fingerprint } = await askedAbout(subject);

    expect(await getApproval(db.pool, MERCHANT, id)).toMatchObject({ subject, fingerprint });
    expect((await askedAbout(subject)).id).toBe(id);
  });

  test('and each of them has a fingerprint of its own', async () => {
    const subjects: readonly ApprovalSubject[] = [
      { of: 'refunds', refundNos: ['8'] },
      { of: 'breaks', breakIds: ['8'] },
      { of: 'breaks', breakIds: ['8', '9'] },
      { of: 'day', accountId: ACCOUNT, billDate: '2026-11-25' },
      { of: 'day', accountId: ACCOUNT, billDate: '2026-11-26' },
    ];
    const prints = await Promise.all(subjects.map(async (one) => (await askedAbout(one)).fingerprint));

    expect(new Set(prints).size).toBe(subjects.length);
  });

  test.each([
    ['nothing', [null, null, null], 'about_something'],
    ['two things', [['7'], ACCOUNT, '2026-11-24'], 'about_something'],
    ['no break at all', [[], null, null], 'approvals_break_ids_check'],
    ['half a day', [['7'], ACCOUNT, null], 'about_whole_day'],
  ])('never about %s', async (_, subject, constraint) => {
    await expect(
      db.pool.query(
        `insert into approvals (merchant_id, act, content, fingerprint, asked_by, asked_at, reason, expires_at,
           break_ids, account_id, bill_date)
         values ($1, 'resolve_refund', '{}', repeat('a', 64), 'alice', $2, 'r', $3, $4, $5, $6)`,
        [MERCHANT, minute(0), minute(1), ...subject],
      ),
    ).rejects.toMatchObject({ code: '23514', constraint });
  });

  test('which nobody changes afterwards', async () => {
    const { id } = await askedAbout({ of: 'breaks', breakIds: ['11'] });
    const day = await askedAbout({ of: 'day', accountId: ACCOUNT, billDate: '2026-11-27' });

    for (const [change, of] of [
      [`break_ids = '{12}'`, id],
      [`bill_date = '2026-11-28'`, day.id],
    ] as const)
      await expect(
        db.owner.query(`update approvals set ${change} where id = $1`, [of]),
      ).rejects.toMatchObject(REWRITTEN);
    expect(await verifyActAudit(db.pool)).toBeNull();
  });
});

describe('the audit', () => {
  test('has who asked, who decided and how, in a chain that a change anywhere breaks', async () => {
    const other = await testDatabase();
    await openAccounts(other.pool);
    const { id } = await askForApproval(other.pool, {
      ...{ merchantId: MERCHANT, act: 'resolve_refund', content: { as: 'paid' } },
      subject: { of: 'refunds', refundNos: ['R1'] },
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
