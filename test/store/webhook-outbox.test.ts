/** The outbox of webhooks: what a change of a refund tells, in its own transaction, and whom. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyActAudit } from '../../store/act-audit.ts';
import { matchStatement } from '../../store/match.ts';
import { recordMatchedLine } from '../../store/matched-lines.ts';
import { observe, observeInside } from '../../store/observations.ts';
import { flagOverdue } from '../../store/overdue.ts';
import { inTransaction } from '../../store/pool.ts';
import type { EventType } from '../../domain/notice/event.ts';
import {
  createEndpoint,
  disableEndpoint,
  enableEndpoint,
  rotateSecret,
} from '../../store/webhook-endpoints.ts';
import { bring, lineOf, taken } from '../statements/bills.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { MERCHANT, countOf, fresh, minute, openAccounts, refundOf, said, sent, turnedDown } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  // What is append-only is emptied by the owner alone, and only with its triggers off.
  await db.owner.query(
    `set session_replication_role = replica;
     truncate statement_lines, matches, breaks, quarantined_lines, statement_files,
       webhook_endpoints, webhook_events, webhook_deliveries, act_audit cascade;
     set session_replication_role = origin`,
  );
  await openAccounts(db.pool);
});

interface EndpointPlan {
  readonly merchantId?: string;
  readonly types?: readonly EventType[];
}

function endpoint(o: EndpointPlan = {}) {
  return createEndpoint(db.pool, {
    merchantId: o.merchantId ?? MERCHANT,
    url: `https://shop.example.com/${fresh('hook')}`,
    types: o.types ?? null,
    secret: Buffer.from('sealed'),
    by: 'k1',
    now: minute(0),
  });
}

interface Told {
  readonly type: string;
  readonly state: string;
  readonly reason: string | null;
  readonly level: number;
  readonly at: Date;
}

async function toldOf(refundId: string): Promise<Told[]> {
  const { rows } = await db.owner.query<Told>(
    'select type, state, reason, overdue_level as level, at from webhook_events where refund_id = $1 order by id',
    [refundId],
  );
  return rows;
}

const typesOf = async (refundId: string): Promise<string[]> =>
  (await toldOf(refundId)).map((one) => one.type);

const nothingTold = async (): Promise<void> => {
  expect(await countOf(db, 'webhook_events')).toBe(0);
  expect(await countOf(db, 'webhook_deliveries')).toBe(0);
};

describe('a change of state', () => {
  test('is told with the state, the reason and the time of its evidence', async () => {
    await endpoint();
    const refund = await refundOf(db.pool, 500n);

    await observe(db.pool, refund.id, [sent(1, 2), said('processing', 3)]);
    await observe(db.pool, refund.id, [said('success', 9)]);

    expect(await toldOf(refund.id)).toEqual([
      { type: 'refund.processing', state: 'processing', reason: null, level: 0, at: minute(3) },
      { type: 'refund.succeeded', state: 'succeeded', reason: null, level: 0, at: minute(9) },
    ]);
  });

  test.each([
    ['a refund that failed', [said('closed', 3)], ['refund.failed']],
    ['a refund that a person has to look at', [sent(1, 2), said('abnormal', 3)], ['refund.needs_action']],
    ['a hold, and then another reason', [sent(1, 2), turnedDown(1, 2)], ['refund.failed']],
    ['sending without an answer: that is nothing to tell', [sent(1, 2)], []],
  ] as const)('of %s', async (_what, observations, types) => {
    await endpoint();
    const refund = await refundOf(db.pool, 500n);

    await observe(db.pool, refund.id, observations);

    expect(await typesOf(refund.id)).toEqual(types);
  });

  test('is told once: the same evidence again says nothing new', async () => {
    await endpoint();
    const refund = await refundOf(db.pool, 500n);

    await observe(db.pool, refund.id, [said('success', 9)]);
    await observe(db.pool, refund.id, [said('success', 9)]);
    await observe(db.pool, refund.id, [said('success', 12)]);

    expect(await typesOf(refund.id)).toEqual(['refund.succeeded']);
  });

  test('that was rolled back is not told', async () => {
    await endpoint();
    const refund = await refundOf(db.pool, 500n);

    await expect(
      inTransaction(db.pool, async (tx) => {
        await observeInside(tx, refund.id, [said('success', 9)]);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');

    await nothingTold();
  });
});

describe('who is told', () => {
  test('nobody, and nothing is written, where the merchant has no endpoint or only disabled ones', async () => {
    const off = await endpoint();
    await disableEndpoint(db.pool, {
      id: off.id,
      merchantId: MERCHANT,
      by: 'k1',
      now: minute(1),
      why: 'asked',
    });
    await endpoint({ merchantId: 'stall' });
    const refund = await taken(db, 500n);

    await observe(db.pool, refund.id, [said('success', 9)]);
    await bring(db, { lines: [lineOf(refund)] });
    await flagOverdue(db.pool, minute(1_000_000));

    await nothingTold();
  });

  test('each enabled endpoint that takes the type: one delivery for each', async () => {
    const all = await endpoint();
    const some = await endpoint({ types: ['refund.settled', 'refund.failed'] });
    const refund = await refundOf(db.pool, 500n);

    await observe(db.pool, refund.id, [said('closed', 9)]);
    await observe(db.pool, (await refundOf(db.pool, 500n)).id, [said('success', 9)]);

    const { rows } = await db.owner.query(
      `select e.type, d.endpoint_id::text as endpoint from webhook_deliveries d join webhook_events e on e.id = d.event order by d.id`,
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        { type: 'refund.failed', endpoint: all.id },
        { type: 'refund.failed', endpoint: some.id },
        { type: 'refund.succeeded', endpoint: all.id },
      ]),
    );
    expect(rows).toHaveLength(3);
  });
});

describe('settled, which is stored nowhere', () => {
  test('is told where a line agrees with a refund that had succeeded', async () => {
    await endpoint();
    const refund = await taken(db, 500n);
    await observe(db.pool, refund.id, [said('success', 9)]);

    const { fileId } = await bring(db, { lines: [lineOf(refund)] });
    await matchStatement(db.ingest, fileId, { now: minute(70) });

    const told = (await toldOf(refund.id)).filter((one) => one.type === 'refund.settled');
    expect(told).toEqual([
      { type: 'refund.settled', state: 'settled', reason: null, level: 0, at: minute(60) },
    ]);
  });

  test('is told once, also when the statement comes again with other bytes', async () => {
    await endpoint();
    const refund = await taken(db, 500n);
    await observe(db.pool, refund.id, [said('success', 9)]);

    await bring(db, { lines: [lineOf(refund)] });
    await bring(db, { lines: [lineOf(refund), { at: '2026-11-24 12:00:00', refundNo: 'X', amount: 1 }] });

    expect((await typesOf(refund.id)).filter((type) => type === 'refund.settled')).toHaveLength(1);
  });

  test('is not told to an endpoint that was made after it was settled', async () => {
    const refund = await taken(db, 500n);
    await observe(db.pool, refund.id, [said('success', 9)]);
    const { fileId } = await bring(db, { lines: [lineOf(refund)] });

    await endpoint();
    await matchStatement(db.ingest, fileId, { now: minute(70) });
    await bring(db, { lines: [lineOf(refund), { at: '2026-11-24 12:00:00', refundNo: 'X', amount: 1 }] });

    await nothingTold();
  });

  test('is told when the success comes after the line', async () => {
    await endpoint();
    const refund = await taken(db, 500n);
    await bring(db, { lines: [lineOf(refund)] });
    expect(await typesOf(refund.id)).not.toContain('refund.settled');

    await observe(db.pool, refund.id, [said('success', 90)]);

    expect((await typesOf(refund.id)).slice(-2)).toEqual(['refund.succeeded', 'refund.settled']);
  });

  test('is told by a line that is evidence of its own: of a refund whose answer was lost', async () => {
    await endpoint();
    const refund = await refundOf(db.pool, 500n);
    await observe(db.pool, refund.id, [sent(1, 2)]);
    await bring(db, { lines: [lineOf(refund)] });

    await recordMatchedLine(db.pool, refund.id, minute(61));
    await observe(db.pool, refund.id, [said('success', 90)]);

    expect(await typesOf(refund.id)).toEqual(expect.arrayContaining(['refund.settled']));
    expect((await typesOf(refund.id)).filter((type) => type === 'refund.settled')).toHaveLength(1);
  });

  test('is not told where amounts differ', async () => {
    await endpoint();
    const refund = await taken(db, 500n);
    await observe(db.pool, refund.id, [said('success', 9)]);

    await bring(db, { lines: [lineOf(refund, { amount: 499 })] });
    await recordMatchedLine(db.pool, refund.id, minute(61));

    expect(await typesOf(refund.id)).not.toContain('refund.settled');
  });
});

describe('an overdue flag', () => {
  test('is told when it is raised, when it rises, and when evidence lifts it', async () => {
    const refund = await taken(db, 500n);
    await db.owner.query(
      'update refunds set promise_at = $2, alarm_at = $3, escalate_at = $4 where id = $1',
      [refund.id, minute(100), minute(200), minute(900)],
    );
    await endpoint();

    await flagOverdue(db.pool, minute(101), { unaskedAtMostMs: 0 });
    await flagOverdue(db.pool, minute(201), { unaskedAtMostMs: 0 });
    await observe(db.pool, refund.id, [said('success', 300)]);
    await flagOverdue(db.pool, minute(301), { unaskedAtMostMs: 0 });

    const told = (await toldOf(refund.id)).filter((one) => one.type === 'refund.overdue');
    expect(told.map(({ level, state, at }) => [level, state, at])).toEqual([
      [1, 'processing', minute(101)],
      [2, 'processing', minute(201)],
      [0, 'succeeded', minute(301)],
    ]);
  });
});

describe('what was written', () => {
  test('of an endpoint is in the audit, with whose key it was', async () => {
    const made = await endpoint();
    const change = { id: made.id, merchantId: MERCHANT, now: minute(2) };
    await rotateSecret(db.pool, {
      ...change,
      by: 'k2',
      secret: Buffer.from('next'),
      previousUntil: minute(9),
    });
    await disableEndpoint(db.pool, { ...change, by: 'k3', why: 'asked' });
    await disableEndpoint(db.pool, { ...change, by: 'k4', why: 'gone' });
    await enableEndpoint(db.pool, { ...change, by: 'k5' });

    const { rows } = await db.owner.query<{ actor: string; action: string }>(
      `select actor, action from act_audit where subject = 'webhook_endpoint' and subject_id = $1 order by seq`,
      [made.id],
    );
    expect(rows.map(({ actor, action }) => `${action} ${actor}`)).toEqual([
      'webhook_endpoint.created k1',
      'webhook_endpoint.rotated k2',
      'webhook_endpoint.disabled k3',
      'webhook_endpoint.enabled k5',
    ]);
    expect(await verifyActAudit(db.pool)).toBeNull();
  });

  test.each([
    `update webhook_events set type = 'refund.failed'`,
    `insert into webhook_events (merchant_id, type, at) values ('shop', 'webhook.test', now())`,
    `insert into webhook_deliveries (event, endpoint_id, merchant_id) values (1, 1, 'shop')`,
    `update webhook_endpoints set url = 'https://other.example.com'`,
    `update webhook_deliveries set endpoint_id = 1`,
    `select tell_webhooks(r, 'refund.failed', 'failed', now()) from refunds r`,
    `select tell_settled_refund(1, now())`,
    `select tell_settled_file(1, 'a', '2026-11-24', now())`,
  ])('no request can forge or redirect: %s', async (sql) => {
    await expect(db.pool.query(sql)).rejects.toMatchObject({ code: '42501' });
  });

  test('does not become undelivered, whoever asks', async () => {
    await endpoint();
    await observe(db.pool, (await refundOf(db.pool, 500n)).id, [said('success', 9)]);
    await db.pool.query(`update webhook_deliveries set status = 'delivered', ended_at = now()`);

    await expect(
      db.owner.query(`update webhook_deliveries set status = 'pending', ended_at = null`),
    ).rejects.toThrow(/cannot be rewritten/);
    await expect(
      db.owner.query(`update webhook_endpoints set url = 'https://other.example.com'`),
    ).rejects.toThrow(/cannot be rewritten/);
  });
});
