/** API keys in the database: what can be done with one, what cannot, and that each act is in a trail that proves itself. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NewApiKey } from '../../store/api-keys.ts';
import {
  createApiKey,
  listApiKeys,
  liveApiKeyOf,
  liveApiKeys,
  noteUses,
  revokeApiKey,
  rotateApiKey,
} from '../../store/api-keys.ts';
import { verifyActAudit } from '../../store/act-audit.ts';
import { inTransaction } from '../../store/pool.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { MERCHANT, openAccounts } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const NOW = new Date('2026-11-24T02:30:00.000Z');
const ACT = { now: NOW, person: 'wang' };
const later = (hours: number): Date => new Date(NOW.getTime() + hours * 3_600_000);

function newKey(o: Partial<NewApiKey> = {}): NewApiKey {
  const sha256 = createHash('sha256').update(randomBytes(32)).digest('hex');
  return {
    ...{
      merchantId: MERCHANT,
      name: 'backend',
      operator: null,
      scopes: ['refunds:read'],
      expiresAt: null,
      sha256,
    },
    ...o,
  };
}

const trailOf = async (id: string): Promise<readonly (readonly [string, string])[]> => {
  const { rows } = await db.pool.query<{ action: string; actor: string }>(
    `select action, actor from act_audit where subject = 'api_key' and subject_id = $1 order by seq`,
    [id],
  );
  return rows.map(({ action, actor }) => [action, actor] as const);
};

describe('a key', () => {
  test('works from when it was made, for its merchant and with its scopes', async () => {
    const key = newKey({ scopes: ['refunds:read', 'refunds:write'] });

    const made = await createApiKey(db.owner, key, ACT);

    expect(await liveApiKeyOf(db.pool, key.sha256, NOW)).toEqual(made);
    expect(made).toMatchObject({
      merchantId: MERCHANT,
      scopes: key.scopes,
      lastUsedAt: null,
      revokedAt: null,
    });
  });

  test('of a merchant that nobody knows is not made', async () => {
    await expect(createApiKey(db.owner, newKey({ merchantId: 'nobody' }), ACT)).rejects.toMatchObject({
      code: 'merchant_unknown',
    });
  });

  test('that has expired works no longer', async () => {
    const key = newKey({ expiresAt: later(1) });
    await createApiKey(db.owner, key, ACT);

    expect(await liveApiKeyOf(db.pool, key.sha256, later(0.9))).not.toBeNull();
    expect(await liveApiKeyOf(db.pool, key.sha256, later(1))).toBeNull();
  });

  test('that was revoked works no longer, and revoking it again changes nothing', async () => {
    const key = newKey();
    const { id } = await createApiKey(db.owner, key, ACT);

    await revokeApiKey(db.owner, id, ACT);
    const again = await revokeApiKey(db.owner, id, { ...ACT, now: later(1) });

    expect(await liveApiKeyOf(db.pool, key.sha256, NOW)).toBeNull();
    expect(again.revokedAt).toEqual(NOW);
    expect(await trailOf(id)).toHaveLength(2);
  });

  test('is exchanged with an overlap: both work, then only the new one', async () => {
    const old = newKey({ scopes: ['payments:read'] });
    const { id } = await createApiKey(db.owner, old, ACT);
    const { sha256 } = newKey();

    const { made } = await rotateApiKey(
      db.owner,
      { id, sha256, overlapUntil: later(2), expiresAt: null },
      ACT,
    );

    expect(made).toMatchObject({ merchantId: MERCHANT, name: 'backend', scopes: ['payments:read'] });
    const live = async (at: Date) => [
      await liveApiKeyOf(db.pool, old.sha256, at),
      await liveApiKeyOf(db.pool, sha256, at),
    ];
    expect((await live(later(1))).map((one) => one !== null)).toEqual([true, true]);
    expect((await live(later(3))).map((one) => one !== null)).toEqual([false, true]);
  });

  test('that ends before the overlap does is not made to live longer', async () => {
    const { id } = await createApiKey(db.owner, newKey({ expiresAt: later(1) }), ACT);

    const { old } = await rotateApiKey(
      db.owner,
      { id, sha256: newKey().sha256, overlapUntil: later(9), expiresAt: null },
      ACT,
    );

    expect(old.expiresAt).toEqual(later(1));
  });

  test.each(['revoked', 'exchanged', 'expired'])('that was %s cannot be exchanged', async (how) => {
    const { id } = await createApiKey(db.owner, newKey({ expiresAt: later(5) }), ACT);
    const rotate = (now = NOW) =>
      rotateApiKey(
        db.owner,
        { id, sha256: newKey().sha256, overlapUntil: later(4), expiresAt: null },
        { ...ACT, now },
      );
    if (how === 'revoked') await revokeApiKey(db.owner, id, ACT);
    if (how === 'exchanged') await rotate();

    await expect(rotate(how === 'expired' ? later(6) : NOW)).rejects.toMatchObject({ code: 'api_key_spent' });
  });

  test('that nobody has is neither exchanged nor revoked', async () => {
    await expect(revokeApiKey(db.owner, '999999', ACT)).rejects.toMatchObject({ code: 'api_key_unknown' });
  });

  test('exchanged by two at the same instant is exchanged once', async () => {
    const { id } = await createApiKey(db.owner, newKey(), ACT);
    const rotate = () =>
      rotateApiKey(db.owner, { id, sha256: newKey().sha256, overlapUntil: later(4), expiresAt: null }, ACT);

    const ends = await Promise.allSettled([rotate(), rotate()]);

    expect(ends.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('notes its last use, and never goes back', async () => {
    const { id } = await createApiKey(db.owner, newKey(), ACT);

    await noteUses(db.pool, new Map([[id, later(2)]]));
    await noteUses(db.pool, new Map([[id, later(1)]]));

    const [found] = (await liveApiKeys(db.pool, NOW)).filter((one) => one.id === id);
    expect(found?.lastUsedAt).toEqual(later(2));
    expect(await trailOf(id)).toHaveLength(1);
  });

  test('is listed with those that work, and with all when all are asked for', async () => {
    const { id } = await createApiKey(db.owner, newKey(), ACT);
    await revokeApiKey(db.owner, id, ACT);
    const idsOf = async (all: boolean) =>
      (await listApiKeys(db.pool, { merchantId: MERCHANT, all, now: NOW, limit: 1_000 })).map(
        (one) => one.id,
      );

    expect(await idsOf(false)).not.toContain(id);
    expect(await idsOf(true)).toContain(id);
    expect(await listApiKeys(db.pool, { merchantId: 'other', all: true, now: NOW, limit: 9 })).toEqual([]);
  });

  test.each([
    `update api_keys set scopes = '{refunds:write}' where id = $1`,
    `update api_keys set merchant_id = 'other' where id = $1`,
    `update api_keys set sha256 = repeat('0', 64) where id = $1`,
    `update api_keys set revoked_at = null where id = $1`,
    `update api_keys set expires_at = null where id = $1`,
    `update api_keys set expires_at = expires_at + interval '1 day' where id = $1`,
    `delete from api_keys where id = $1`,
  ])('is given no more than it has, whoever asks: %s', async (sql) => {
    const { id } = await createApiKey(db.owner, newKey({ expiresAt: later(1) }), ACT);
    await revokeApiKey(db.owner, id, ACT);

    await expect(db.owner.query(sql, [id])).rejects.toThrow(/cannot be given more|append-only/);
  });
});

test('the running processes cannot make, change or take back a key', async () => {
  await expect(createApiKey(db.pool, newKey(), ACT)).rejects.toMatchObject({ code: 'config_invalid' });
});

describe('I12 the trail of a key', () => {
  test('has each act with the login and the person', async () => {
    const { id } = await createApiKey(db.owner, newKey(), ACT);
    const { made } = await rotateApiKey(
      db.owner,
      { id, sha256: newKey().sha256, overlapUntil: later(1), expiresAt: null },
      { ...ACT, person: 'li' },
    );
    await revokeApiKey(db.owner, made.id, ACT);

    expect((await trailOf(id)).map(([action]) => action)).toEqual(['api_key.created', 'api_key.rotated']);
    expect((await trailOf(made.id)).map(([action]) => action)).toEqual([
      'api_key.created',
      'api_key.revoked',
    ]);
    expect((await trailOf(id)).at(-1)?.[1]).toMatch(/ for li$/);
    expect(await verifyActAudit(db.pool)).toBeNull();
  });

  test.each([
    [
      `update act_audit set actor = 'nobody' where subject = 'api_key' and subject_id = $1 and seq = 1`,
      'changed',
    ],
    [
      `delete from act_audit where subject = 'api_key' and subject_id = $1 and seq = 1`,
      'record before it is missing',
    ],
    [
      `delete from act_audit where subject = 'api_key' and subject_id = $1 and seq = 2`,
      'subject differs from its last record',
    ],
    [`update api_keys set revoked_at = null where id = $1`, 'subject differs from its last record'],
    [`update api_keys set scopes = '{refunds:write}' where id = $1`, 'subject differs from its last record'],
    [`delete from act_audit where subject = 'api_key' and subject_id = $1`, 'subject has no record'],
    [`delete from api_keys where id = $1`, 'record of no subject'],
  ])('F90 shows what a superuser did behind its back: %s', async (sql, why) => {
    const other = await testDatabase();
    try {
      await openAccounts(other.pool);
      const { id } = await createApiKey(other.owner, newKey(), ACT);
      await revokeApiKey(other.owner, id, ACT);
      expect(await verifyActAudit(other.pool)).toBeNull();

      await inTransaction(other.owner, async (tx) => {
        await tx.query('set local session_replication_role = replica');
        await tx.query(sql, [id]);
      });

      expect(await verifyActAudit(other.pool)).toMatchObject({ subject: 'api_key', subjectId: id, why });
    } finally {
      await other.drop();
    }
  });
});
