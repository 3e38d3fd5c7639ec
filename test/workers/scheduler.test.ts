/** The scheduler only ensures: against a real Temporal and a real Postgres, without a worker, so that starts stay to be seen. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { observe } from '../../store/observations.ts';
import { markWorkflowStarted } from '../../store/refunds.ts';
import { storeCallback } from '../../store/callbacks.ts';
import { lookOnce, startScheduler } from '../../workers/scheduler/scheduler.ts';
import type { CuttableProxy } from '../api/cuttable-proxy.ts';
import { cuttableProxy } from '../api/cuttable-proxy.ts';
import { required } from '../support/required.ts';
import { until } from '../workflow/temporal.ts';
import type { World } from './scheduler-world.ts';
import { ACCOUNTS, MERCHANT, allRuns, openWorld, runOf } from './scheduler-world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A Tuesday in Beijing, after the hour at which WeChat Pay has made yesterday's bills. */
const NOON = '2026-11-24T12:00:00+08:00';
const SWEEP = 'sweep/overdue/2026-11-24T04:00:00.000Z';

/** By hand: with two days of looking back, the bills of the last two days and the second looks of three days later. */
const STATEMENTS = ACCOUNTS.flatMap((account) =>
  ['trade', 'fund_flow'].flatMap((kind) =>
    ['2026-11-23', '2026-11-22', '2026-11-20/recheck-3', '2026-11-19/recheck-3'].map(
      (date) => `statement/${account}/${kind}/${date}`,
    ),
  ),
);

let world: World;
beforeEach(async () => {
  world = await openWorld(NOON);
});
afterEach(() => world.close());

const refundRun = (refundNo: string) => runOf(world.client, `refund/${MERCHANT}/${refundNo}`);
const runsOf = (ids: readonly string[]) => Promise.all(ids.map((id) => runOf(world.client, id)));

async function startedAt(refundId: string): Promise<Date | null> {
  const { rows } = await world.database.owner.query<{ workflow_started_at: Date | null }>(
    'select workflow_started_at from refunds where id = $1',
    [refundId],
  );
  return rows[0]?.workflow_started_at ?? null;
}

describe('three replicas that look at once', () => {
  test('I16 start one run under each id, and three more looks of fresh processes change nothing', async () => {
    const expected = [...STATEMENTS, SWEEP, `refund/${MERCHANT}/R1`, `refund/${MERCHANT}/R2`].sort();
    await world.orphan('R1');
    await world.orphan('R2');
    const replicas = await Promise.all([world.replica(), world.replica(), world.replica()]);

    await Promise.all(replicas.map((replica) => lookOnce(replica)()));

    const runs = await allRuns(world.client, expected.length);
    expect(runs.map((run) => run.split(' ')[0])).toEqual(expected);

    await Promise.all(replicas.map((replica) => lookOnce(replica)()));

    expect(await allRuns(world.client, expected.length)).toEqual(runs);
    const warned = replicas.flatMap(({ logged }) => logged.filter((line) => Number(line['level']) >= 40));
    expect(warned).toEqual([]);
  });

  test('a run that has ended, whatever its end, is not started again', async () => {
    const replica = await world.replica();
    await lookOnce(replica)();
    const [first = ''] = STATEMENTS;
    for (const id of [SWEEP, first]) await world.client.workflow.getHandle(id).terminate('ended by hand');
    const before = await runsOf([SWEEP, first]);

    await lookOnce(await world.replica())();

    expect(await runsOf([SWEEP, first])).toEqual(before);
    expect(before.map((run) => run?.status)).toEqual(['TERMINATED', 'TERMINATED']);
  });
});

test('looks that were missed are made up for by the next one: every bill day between is asked for', async () => {
  const replica = await world.replica();
  const look = lookOnce(replica);
  await look();
  world.time.now = new Date(Date.parse(NOON) + 2 * DAY_MS);

  await look();

  const made = ['2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25'].map(
    (date) => `statement/${ACCOUNTS[0]}/trade/${date}`,
  );
  expect((await runsOf(made)).map((run) => run?.status)).toEqual(Array(4).fill('RUNNING'));
  expect(await runOf(world.client, 'sweep/overdue/2026-11-26T04:00:00.000Z')).not.toBeNull();
  // Sweeps see all that is due when they run: those that were missed are not made up for.
  expect(await runOf(world.client, 'sweep/overdue/2026-11-25T04:00:00.000Z')).toBeNull();
});

test('an account that became known yesterday is asked for yesterday’s bills and for none before', async () => {
  await world.database.owner.query('update yuanlu.channel_accounts set created_at = $2 where id = $1', [
    ACCOUNTS[0],
    new Date(Date.parse(NOON) - DAY_MS),
  ]);

  await lookOnce(await world.replica())();

  const started = await Promise.all(STATEMENTS.map((id) => runOf(world.client, id)));
  const missing = STATEMENTS.filter((_id, at) => started[at] === null);
  expect(missing).toEqual(STATEMENTS.filter((id) => id.includes(ACCOUNTS[0]) && !id.endsWith('/2026-11-23')));
});

test('an account that cannot be had keeps nobody else from being looked after, and is told of', async () => {
  const replica = await world.replica();
  const broken = {
    ...replica,
    channels: {
      ...replica.channels,
      get: (id: string) => {
        if (id === ACCOUNTS[0]) throw new Error('its keys are gone');
        return replica.channels.get(id);
      },
    },
  };
  await world.orphan('R1');

  await lookOnce(broken)();

  const statuses = await Promise.all(
    STATEMENTS.map(async (id) => [id, (await runOf(world.client, id)) !== null] as const),
  );
  for (const [id, isThere] of statuses) expect([id, isThere]).toEqual([id, !id.includes(ACCOUNTS[0])]);
  expect(await runOf(world.client, SWEEP)).not.toBeNull();
  expect(await refundRun('R1')).not.toBeNull();
  const told = replica.logged.filter((line) => line['what'] === `account ${ACCOUNTS[0]}`);
  expect(told).toHaveLength(1);
  expect(told[0]?.['error']).toContain('its keys are gone');
});

describe('F79 I17: a refund that nobody carries', () => {
  test('gets its workflow at the next look, and the row says so', async () => {
    const refund = await world.orphan('R1');
    expect(await startedAt(refund.id)).toBeNull();

    await lookOnce(await world.replica())();

    expect(await refundRun('R1')).toMatchObject({ status: 'RUNNING' });
    expect(await startedAt(refund.id)).toEqual(new Date(NOON));
  });

  test('may still be on its way from the API for five seconds', async () => {
    await world.orphan('YOUNG', { ageMs: 4_000 });
    await world.orphan('LOST', { ageMs: 6_000 });

    await lookOnce(await world.replica())();

    expect(await refundRun('YOUNG')).toBeNull();
    expect(await refundRun('LOST')).not.toBeNull();
  });

  test('is left alone when it has come to its end', async () => {
    const refund = await world.orphan('DONE');
    await observe(world.database.pool, refund.id, [
      {
        kind: 'channel_report',
        source: 'query',
        ref: 'q1',
        at: new Date(NOON).toISOString(),
        status: 'closed',
      },
    ]);

    await lookOnce(await world.replica())();

    expect(await refundRun('DONE')).toBeNull();
  });

  test('whose workflow Temporal has lost is started again after twelve silent hours, and not before', async () => {
    const refund = await world.orphan('R1');
    await markWorkflowStarted(world.database.pool, refund.id, new Date(NOON));
    const look = lookOnce(await world.replica());

    world.time.now = new Date(Date.parse(NOON) + 12 * HOUR_MS);
    await look();
    expect(await refundRun('R1')).toBeNull();
    world.time.now = new Date(Date.parse(NOON) + 12 * HOUR_MS + 1);
    await look();

    expect(await refundRun('R1')).toMatchObject({ status: 'RUNNING' });
  });

  test('whose workflow somebody ended gets a new run; one that still runs keeps its own', async () => {
    await world.orphan('ENDED');
    await world.orphan('RUNS');
    const look = lookOnce(await world.replica());
    await look();
    const [ended, runs] = [await refundRun('ENDED'), await refundRun('RUNS')];
    await world.client.workflow.getHandle(`refund/${MERCHANT}/ENDED`).terminate('by mistake');
    world.time.now = new Date(Date.parse(NOON) + 13 * HOUR_MS);

    await look();

    const again = await refundRun('ENDED');
    expect(again?.status).toBe('RUNNING');
    expect(again?.runId).not.toBe(ended?.runId);
    expect(await refundRun('RUNS')).toEqual(runs);
  });
});

test('F38 a callback that came before its refund was known is applied, and the refund’s workflow told', async () => {
  const at = new Date(NOON);
  const report = { kind: 'channel_report', status: 'success' } as const;
  await storeCallback(world.database.pool, {
    ...{ accountId: ACCOUNTS[0], channel: 'wechat', receivedAt: at, headers: {}, body: Buffer.from('n1') },
    content: {
      ...{ verdict: 'refund', noticeId: 'n1', eventType: 'REFUND.SUCCESS', refundNo: 'R1' },
      report: { ...report, amountMinor: '100' },
    },
  });
  const look = lookOnce(await world.replica());
  await look();
  const refund = await world.orphan('R1');
  await look();

  const { rows } = await world.database.owner.query<{ state: string }>(
    'select state from refunds where id = $1',
    [refund.id],
  );
  expect(rows).toEqual([{ state: 'succeeded' }]);
  const history = await world.client.workflow.getHandle(`refund/${MERCHANT}/R1`).fetchHistory();
  const signals = (history.events ?? []).flatMap((event) => {
    const name = event.workflowExecutionSignaledEventAttributes?.signalName;
    return typeof name === 'string' ? [name] : [];
  });
  expect(signals).toEqual(['channelReported']);
});

describe('F78 while Temporal is away', () => {
  let proxy: CuttableProxy;
  beforeEach(async () => {
    proxy = await cuttableProxy(`http://${required('YUANLU_TEST_TEMPORAL_ADDRESS')}`);
  });
  afterEach(() => proxy.close());

  test('a look ends with a word about it, nothing is lost, and the first look after it starts everything once', async () => {
    const refund = await world.orphan('R1');
    const { host } = new URL(proxy.through('http://127.0.0.1'));
    const replica = await world.replica({ temporalAddress: host });
    const look = lookOnce(replica);
    proxy.cut();

    await look();

    const told = replica.logged.filter((line) => String(line['error']).includes('temporal_unavailable'));
    expect(told.map((line) => line['part'])).toEqual(['refunds', 'statements', 'overdue sweep']);
    expect(await startedAt(refund.id)).toBeNull();
    expect(await refundRun('R1')).toBeNull();

    proxy.mend();
    await until(async () => {
      await look();
      return (await refundRun('R1')) !== null && (await runOf(world.client, SWEEP)) !== null;
    });

    const expected = [...STATEMENTS, SWEEP, `refund/${MERCHANT}/R1`].sort();
    const runs = await allRuns(world.client, expected.length);
    expect(runs.map((run) => run.split(' ')[0])).toEqual(expected);
  });
});

describe('the scheduler process', () => {
  test('looks as soon as it starts and then at each tick', async () => {
    await world.orphan('FIRST');
    const scheduler = await startScheduler(await world.replica({ schedule: '* * * * * *' }));
    try {
      expect(await refundRun('FIRST')).not.toBeNull();
      await world.orphan('LATER');

      await until(async () => (await refundRun('LATER')) !== null);
    } finally {
      await scheduler.stop();
    }
  });

  test('that is stopped during a look ends it first', async () => {
    const scheduler = await startScheduler(await world.replica({ schedule: '* * * * * *' }));
    const refund = await world.orphan('R1');
    const holding = await world.database.owner.connect();
    await holding.query('begin');
    await holding.query('lock table refunds in access exclusive mode');
    const looks = async (): Promise<number> => {
      const { rows } = await world.database.owner.query<{ n: bigint }>(
        `select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return Number(rows[0]?.n ?? 0n);
    };
    await until(async () => (await looks()) === 1);

    const stopped = scheduler.stop();
    await holding.query('commit');
    holding.release();
    await stopped;

    expect(await startedAt(refund.id)).toEqual(new Date(NOON));
  });
});
