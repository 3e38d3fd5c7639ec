/** F41: missing statements, found in the books, and said by the scheduler once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { webhookBody } from '../../domain/notice/event.ts';
import { GAP_AFTER_MS } from '../../domain/statement/gaps.ts';
import { booksFigures } from '../../store/books-figures.ts';
import { STATEMENT_KINDS } from '../../domain/statement/statement.ts';
import { findStatementGaps, noteStatementGaps } from '../../store/statement-gaps.ts';
import { recordEmptyStatement } from '../../store/statements.ts';
import { createEndpoint } from '../../store/webhook-endpoints.ts';
import { pendingDelivery } from '../../store/webhook-outbox.ts';
import { watchGaps } from '../../workers/scheduler/watch-gaps.ts';
import { importPlain } from '../statements/bills.ts';
import { plainStatement } from '../statements/plain-statement.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, MERCHANT, openAccounts, refundOf } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const HOUR_MS = 3_600_000;
const account = { id: ACCOUNT, kinds: ['trade'], readyAfterMs: 10 * HOUR_MS } as const;
/** When the statement of 27 November is a gap, and that of the 28th is not yet. */
const NOW = new Date(Date.parse('2026-11-28T10:00:00+08:00') + GAP_AFTER_MS);

const missing = async (): Promise<string[]> =>
  (await findStatementGaps(db.pool, NOW, [account])).map((gap) =>
    [gap.billDate, ...(gap.refusedCode === null ? [] : [gap.refusedCode])].join(' '),
  );

test('statements that came, empty ones and refused ones are told apart, from the account’s first day on', async () => {
  expect(await missing()).toEqual([]);

  await refundOf(db.pool, 100n);
  expect(await missing()).toEqual(['2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27']);

  await importPlain(db, { billDate: '2026-11-25' });
  await recordEmptyStatement(db.ingest, {
    accountId: ACCOUNT,
    kind: 'trade',
    billDate: '2026-11-26',
    now: NOW,
  });
  const cut = plainStatement([]).slice(0, 6);
  await expect(importPlain(db, { billDate: '2026-11-27', text: cut })).rejects.toThrow();

  const { rows } = await db.owner.query<{ code: string }>(
    `select refusal_code as code from statement_files where status = 'refused'`,
  );
  expect(await missing()).toEqual([`2026-11-27 ${rows[0]?.code ?? ''}`]);
});

test('are said by the scheduler once, and again when they came', async () => {
  const lines: string[] = [];
  const log = {
    warn: (_facts: object, text: string) => lines.push(text),
    info: (_facts: object, text: string) => lines.push(text),
  };
  const watch = { pool: db.pool, log: log as never, said: new Map() };
  const clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms: number) => ms };
  const look = (): Promise<void> => watchGaps({ ...watch, clock }, [account]);

  await look();
  await look();
  expect(lines).toEqual(['a statement is missing; see `yuanlu statements gaps`']);

  await importPlain(db, { billDate: '2026-11-27' });
  await look();
  expect(lines.slice(1)).toEqual(['a statement that was missing is there']);
});

interface Told {
  readonly type: string;
  readonly billDate: string;
}

async function toldTo(endpointId: string): Promise<Told[]> {
  const { rows } = await db.owner.query<Told>(
    `select e.type, e.bill_date as "billDate" from webhook_events e join webhook_deliveries d on d.event = e.id
      where d.endpoint_id = $1 order by e.id`,
    [endpointId],
  );
  return rows;
}

const o = { now: NOW, accounts: [{ id: ACCOUNT, kinds: STATEMENT_KINDS }] };

describe('whoever listens', () => {
  test('is told of each gap once, however many look at once, and once more when the statement came', async () => {
    await db.owner.query(
      'set session_replication_role = replica; truncate statement_gaps; set session_replication_role = origin',
    );
    const types = ['statement.missing', 'statement.received'] as const;
    const asked = { merchantId: MERCHANT, secret: Buffer.from('sealed'), by: 'k1', now: NOW };
    const url = 'https://shop.example.com/hook';
    const { id } = await createEndpoint(db.pool, { ...asked, url, types });
    const deaf = await createEndpoint(db.pool, { ...asked, url: `${url}2`, types: ['refund.settled'] });
    const refundsOnly = await createEndpoint(db.pool, { ...asked, url: `${url}3`, types: null });
    const gaps = ['2026-11-20', '2026-11-21'].map((billDate) => ({
      ...{
        accountId: ACCOUNT,
        kind: 'trade' as const,
        billDate,
        dueAt: NOW,
        alertAt: NOW,
        refusedCode: null,
      },
    }));

    await Promise.all([1, 2, 3].map(() => noteStatementGaps(db.pool, gaps, o)));
    const missing = gaps.map(({ billDate }) => ({ type: 'statement.missing', billDate }));
    expect(await toldTo(id)).toEqual(missing);
    const figure = { labels: { account: ACCOUNT, kind: 'trade' } };
    expect(await booksFigures(db.pool)).toEqual(
      expect.arrayContaining([
        { ...figure, name: 'statements_missing', value: 2 },
        {
          ...figure,
          name: 'statement_missing_oldest_day_timestamp_seconds',
          value: Date.parse('2026-11-20T00:00:00+08:00') / 1000,
        },
      ]),
    );

    await recordEmptyStatement(db.ingest, {
      accountId: ACCOUNT,
      kind: 'trade',
      billDate: '2026-11-20',
      now: NOW,
    });
    await noteStatementGaps(db.pool, gaps.slice(1), o);
    await noteStatementGaps(db.pool, gaps.slice(1), o);
    expect(await toldTo(id)).toEqual([...missing, { type: 'statement.received', billDate: '2026-11-20' }]);
    expect(await toldTo(deaf.id)).toEqual([]);
    expect(await toldTo(refundsOnly.id)).toEqual([]);
    expect((await booksFigures(db.pool)).find(({ name }) => name === 'statements_missing')?.value).toBe(1);
  });

  test('is told of each kind of statement that there is', async () => {
    const gaps = STATEMENT_KINDS.map((kind) => ({
      ...{ accountId: ACCOUNT, kind, billDate: '2026-11-22', dueAt: NOW, alertAt: NOW, refusedCode: null },
    }));

    await noteStatementGaps(db.pool, gaps, o);

    const { rows } = await db.owner.query<{ kind: string }>(
      `select kind from statement_gaps where bill_date = '2026-11-22' and ended_at is null order by kind`,
    );
    expect(rows.map(({ kind }) => kind)).toEqual([...STATEMENT_KINDS].toSorted());
  });

  test('hears nothing more of a kind that the account does not have any more, and of it again once it has it', async () => {
    const gap = {
      ...{ accountId: ACCOUNT, kind: 'fund_flow_fees' as const, billDate: '2026-11-22' },
      ...{ dueAt: NOW, alertAt: NOW, refusedCode: null },
    };
    const isOpen = async (): Promise<boolean> => {
      const { rows } = await db.owner.query<{ open: boolean }>(
        `select ended_at is null as open from statement_gaps where kind = 'fund_flow_fees' and bill_date = '2026-11-22'`,
      );
      return rows[0]?.open === true;
    };
    await noteStatementGaps(db.pool, [gap], o);
    expect(await isOpen()).toBe(true);

    await noteStatementGaps(db.pool, [], { now: NOW, accounts: [account] });
    expect(await isOpen()).toBe(false);

    await noteStatementGaps(db.pool, [gap], o);
    expect(await isOpen()).toBe(true);
  });

  test('gets the account, the kind, the day and since when it is due', async () => {
    const { rows } = await db.owner.query<{ id: string; event: string; endpoint: string }>(
      `select d.id::text, e.event_id as event, d.endpoint_id::text as endpoint
         from webhook_deliveries d join webhook_events e on e.id = d.event
        where e.type = 'statement.missing' order by e.id limit 1`,
    );
    const [first] = rows;
    if (first === undefined) throw new Error('the test before this one told of two');
    const round = { deliveryId: first.id, eventId: first.event, endpointId: first.endpoint, round: 1 };

    const pending = await pendingDelivery(db.pool, round, NOW);

    if (pending === null) throw new Error('nobody has sent it');
    expect(JSON.parse(webhookBody(pending.event))).toEqual({
      ...{ id: first.event, type: 'statement.missing', timestamp: NOW.toISOString() },
      data: { account_id: ACCOUNT, kind: 'trade', bill_date: '2026-11-20', due_at: NOW.toISOString() },
    });
  });

  test('is not told that a statement came which the channel does not keep any more', async () => {
    const later = new Date(NOW.getTime() + 200 * 24 * HOUR_MS);
    await noteStatementGaps(db.pool, [], { ...o, now: later });

    const { rows } = await db.owner.query<{ why: string }>(
      `select ended_why as why from statement_gaps where bill_date = '2026-11-21'`,
    );
    expect(rows).toEqual([{ why: 'too_old' }]);
    expect((await booksFigures(db.pool)).some(({ name }) => name === 'statements_missing')).toBe(false);
  });
});

test('many days without a statement are said in one line', async () => {
  await db.owner.query(
    'truncate statement_lines, matches, breaks, quarantined_lines, statement_files cascade',
  );
  const lines: object[] = [];
  const log = { warn: (facts: object) => lines.push(facts), info: () => undefined };
  const clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms: number) => ms };
  await watchGaps({ pool: db.pool, log: log as never, said: new Map(), clock }, [account]);

  expect(lines).toEqual([
    expect.objectContaining({
      ...{ account_id: ACCOUNT, kind: 'trade', statements: 4 },
      ...{ first_bill_date: '2026-11-24', last_bill_date: '2026-11-27' },
    }),
  ]);
});
