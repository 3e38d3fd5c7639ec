/** A day after an outage: its lines are news for very many refunds. They are told one after the other, whatever befalls their worker. */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StatementDay } from '../../activities/index.ts';
import { fetchStatement } from '../../activities/statement/fetch-statement.ts';
import { loadStatement } from '../../activities/statement/load-statement.ts';
import { matchStatement } from '../../activities/statement/match-statement.ts';
import { reportMatches } from '../../activities/statement/report-matches.ts';
import type { FileNews } from '../../store/match-news.ts';
import type { statementDay } from '../../workflows/statement-day.ts';
import { REFUND_QUEUE } from '../../workflows/task-queues.ts';
import { manyLines } from '../statements/bills.ts';
import { plainStatement } from '../statements/plain-statement.ts';
import { ACCOUNT, MERCHANT, countOf, fresh, minute } from '../store/books.ts';
import type { ScriptedWorld } from '../workflow/scripted-world.ts';
import { scriptedWorld } from '../workflow/scripted-world.ts';
import { deliveryKey } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { attemptOf, toTheEnd, workbench } from './workbench.ts';

/** More than fit a message by name: where numbers are long, some 15,000 do. */
const VERY_MANY = 20_000;
/** A few pages, the last one not full. */
const SOME = 250;

let bench: Workbench;
let world: ScriptedWorld;
let days = 0;

beforeAll(async () => {
  bench = await workbench();
  world = await scriptedWorld('many-news');
});

beforeEach(() => {
  bench.clock.set(new Date('2026-11-25T03:00:00Z'));
  bench.useChannel();
  bench.told.length = 0;
});

afterAll(async () => {
  await world.close();
  await bench.close();
});

/** So many refunds without an answer, put in as they would be by now, and a bill that shows each of them. */
async function dayWith(count: number): Promise<StatementDay> {
  days += 1;
  const billDate = `2026-11-${String(24 - days)}`;
  const prefix = fresh('MANY').padEnd(50, '0');
  const tx = await bench.db.owner.connect();
  try {
    await tx.query('begin');
    await tx.query('set local session_replication_role = replica');
    const paymentNo = fresh('P');
    const { rows } = await tx.query<{ id: bigint }>(
      `insert into payments (merchant_id, account_id, payment_no, captured_minor, currency, fingerprint, created_at)
       values ($1, $2, $3, 1000000000000, 'CNY', 'made-up', $4) returning id`,
      [MERCHANT, ACCOUNT, paymentNo, minute(0)],
    );
    await tx.query(
      `insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint,
         requested_at, state, payment_no)
       select $1, $2, 'wechat', $3, $4 || n, n + 1, 'CNY', 'made-up', $5, 'unknown', $7 from generate_series(0, $6::int - 1) n`,
      [MERCHANT, ACCOUNT, rows[0]?.id, prefix, new Date(`${billDate}T01:00:00Z`), count, paymentNo],
    );
    await tx.query('commit');
  } finally {
    tx.release();
  }
  const content = plainStatement(manyLines(count, billDate, prefix));
  bench.channel.statements.set(deliveryKey('trade', billDate), content);
  return { accountId: ACCOUNT, kind: 'trade', billDate, recheck: 0 };
}

async function matched(day: StatementDay): Promise<FileNews> {
  const { result: file } = await toTheEnd(bench, fetchStatement(bench.deps), day);
  if (file.outcome === 'empty') throw new Error('the day is not empty');
  const { result: loaded } = await toTheEnd(bench, loadStatement(bench.deps), day, file);
  return (await toTheEnd(bench, matchStatement(bench.deps), loaded.fileId)).result.decisive;
}

const outcomeOf = async (day: StatementDay): Promise<string> => {
  const { result: file } = await toTheEnd(bench, fetchStatement(bench.deps), day);
  if (file.outcome === 'empty') throw new Error('the day is not empty');
  return (await toTheEnd(bench, loadStatement(bench.deps), day, file)).result.outcome;
};

test('F78: a day with news for 20,000 refunds goes its whole way on a real server: they are too many for one message', async () => {
  const day = await dayWith(VERY_MANY);
  const handed: unknown[] = [];
  world.use({
    fetchStatement: fetchStatement(bench.deps),
    loadStatement: loadStatement(bench.deps),
    matchStatement: matchStatement(bench.deps),
    reportMatches: (news) => {
      handed.push(news);
      return Promise.resolve(0);
    },
  });

  const handle = await world.client.workflow.start<typeof statementDay>('statementDay', {
    taskQueue: REFUND_QUEUE,
    workflowId: randomUUID(),
    args: [day],
  });
  const ended = await handle.result();

  expect(ended).toMatchObject({ outcome: 'loaded', lines: VERY_MANY });
  expect(handed).toMatchObject([{ refunds: VERY_MANY }]);
  const untold = await countOf(
    bench.db,
    'match_news where told_at is null and file_id = $1',
    ended.outcome === 'empty' ? [] : [ended.fileId],
  );
  expect(untold).toBe(VERY_MANY);
}, 60_000);

describe('telling many refunds', () => {
  /** Lets the first `count` be told and then does something else. */
  const tellerThat = (count: number, then: () => void): Workbench['deps']['teller'] => ({
    statementMatched: (refund, lineRef) => {
      if (bench.told.length === count) then();
      return bench.deps.teller.statementMatched(refund, lineRef);
    },
  });
  const numbersTold = (): number => new Set(bench.told.map((one) => one.refundNo)).size;

  test('F78: goes on where the attempt before it ended, and leaves none out', async () => {
    const news = await matched(await dayWith(SOME));
    const away = tellerThat(SOME - 20, () => {
      throw new Error('Temporal is away');
    });

    const first = await attemptOf(reportMatches({ ...bench.deps, teller: away }), [news]);
    const told = numbersTold();
    const { result } = await toTheEnd(bench, reportMatches(bench.deps), news);

    expect(first).toMatchObject({ how: 'failure', forGood: false });
    expect(told).toBe(SOME - 20);
    expect(result).toBeLessThan(SOME - 100);
    expect(numbersTold()).toBe(SOME);
    expect(await countOf(bench.db, 'match_news where told_at is null and file_id = $1', [news.fileId])).toBe(
      0,
    );
  });

  test('ends soon where another attempt has taken over since', async () => {
    const news = await matched(await dayWith(SOME));
    const environment = new MockActivityEnvironment();
    const teller = tellerThat(20, () => environment.cancel());

    await expect(environment.run(reportMatches({ ...bench.deps, teller }), news)).rejects.toThrow();

    expect(numbersTold()).toBeLessThan(SOME / 2);
  });

  test('is still to be done where its run was ended before: the next look at the day does not take it for done', async () => {
    const day = await dayWith(3);
    const news = await matched(day);

    const before = await outcomeOf(day);
    await toTheEnd(bench, reportMatches(bench.deps), news);
    const after = await outcomeOf(day);

    expect([before, after]).toEqual(['loaded', 'same']);
    expect(numbersTold()).toBe(3);
  });

  test('F72: and matching the day again, which finds nothing new, tells nobody again', async () => {
    const news = await matched(await dayWith(3));
    await toTheEnd(bench, reportMatches(bench.deps), news);

    const { result } = await toTheEnd(bench, matchStatement(bench.deps), news.fileId);
    await toTheEnd(bench, reportMatches(bench.deps), result.decisive);

    expect(result.decisive).toEqual({ fileId: news.fileId, refunds: 0 });
    expect(bench.told).toHaveLength(3);
  });
});
