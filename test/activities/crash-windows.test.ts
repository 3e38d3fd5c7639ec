/**
 * F25 F26 F28 F75 F77: the refund core, cut at every connection, SQL statement and channel call, before and after it took
 * effect, and run again as Temporal would. Wherever it was cut: the channel's own ledger shows one payment (I1), every
 * order had a committed attempt and one content (I6), and the row ends as it does without a cut (I2, I7).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import { sumsOf } from '../store/books.ts';
import { untilBlockedOr } from './blocked.ts';
import type { Cut } from './crash-points.ts';
import { cutRun } from './crash-points.ts';
import type { Scenario } from './crash-scenarios.ts';
import { SCENARIOS } from './crash-scenarios.ts';
import type { Workbench } from './workbench.ts';
import { attemptOf, besides, evidenceOf, rowOf, toTheEnd, workbench } from './workbench.ts';

/** Temporal gives up on an attempt that does not report after this long. */
const START_TO_CLOSE_MS = 45_000;
const SIDE_BY_SIDE = 6;
/** Fewer steps than any of these activities has: a matrix that shrank would prove less. */
const STEPS_AT_LEAST = 10;

let shared: Workbench;

beforeAll(async () => {
  shared = await workbench();
});

afterAll(async () => {
  await shared.close();
});

/** How many steps the activity has when nothing cuts it, up to the end of its first attempt. */
async function stepsOf(scenario: Scenario): Promise<readonly string[]> {
  const bench = besides(shared);
  const ref = await scenario.prepare(bench);
  const run = cutRun(bench.deps, bench.channel, null);
  await attemptOf(scenario.activity(run.deps), [ref]);
  expect(run.steps.length).toBeGreaterThan(STEPS_AT_LEAST);
  return run.steps;
}

async function forEachCut(cuts: readonly Cut[], work: (cut: Cut) => Promise<void>): Promise<void> {
  const waiting = [...cuts];
  const lane = async (): Promise<void> => {
    for (let cut = waiting.shift(); cut !== undefined; cut = waiting.shift()) await work(cut);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
}

/** Between two steps nothing leaves the process: killed before step n + 1 is killed after step n. */
function killsOf(steps: readonly string[]): Cut[] {
  const after = steps.map((_name, index) => ({ step: index + 1, when: 'after', how: 'killed' }) as const);
  return [{ step: 1, when: 'before', how: 'killed' }, ...after];
}

/** Before and after differ where a step takes effect by itself; inside a transaction both end in its rollback. */
const TAKES_EFFECT = /^(commit|update|submitRefund|queryRefund|queryPayment)/;

function breaksOf(steps: readonly string[]): Cut[] {
  return steps.flatMap((name, index) => {
    const after = { step: index + 1, when: 'after', how: 'failed' } as const;
    return TAKES_EFFECT.test(name) ? [{ ...after, when: 'before' } as const, after] : [after];
  });
}

function pausesOf(steps: readonly string[]): Cut[] {
  return steps.map((_name, index) => ({ step: index + 1, when: 'before', how: 'paused' }) as const);
}

function repeatsOf(steps: readonly string[]): Cut[] {
  return steps.flatMap((_name, index) =>
    isInTransaction(steps, index + 1)
      ? [{ step: index + 1, when: 'before', how: 'serialization failure' } as const]
      : [],
  );
}

/** What is true in the end, wherever the run was cut. Compared as one value, so that a failure names its cut. */
async function endOf(bench: Workbench, scenario: Scenario, ref: RefundRef): Promise<unknown> {
  const row = await rowOf(bench, ref);
  const { reserved, counted } = await sumsOf(bench.db, row.payment.id);
  const contents = new Set(bench.channel.orders.map((order) => JSON.stringify(order, textOfBigint)));
  return {
    ...{ state: row.state, reason: row.stateReason, amountMinor: row.amountMinor },
    moved: bench.channel.ledger.movements.map((one) => one.amountMinor),
    numbers: bench.channel.orders.every((order) => order.refundNo === ref.refundNo),
    oneContent: contents.size <= 1,
    ...{ reserved, counted, scenario: scenario.name },
  };
}

function expectedEnd(scenario: Scenario): unknown {
  const { ends, moved, reserved } = scenario;
  return {
    ...{ ...ends, amountMinor: 2345n, moved, numbers: true, oneContent: true },
    ...{ reserved, counted: reserved, scenario: scenario.name },
  };
}

function textOfBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** Runs the story with a cut in its first attempt, then again to the end; a resumed run may have the last step. */
async function playCut(scenario: Scenario, cut: Cut): Promise<{ bench: Workbench; ref: RefundRef }> {
  const bench = besides(shared);
  const ref = await scenario.prepare(bench);
  const run = cutRun(bench.deps, bench.channel, cut);
  const first = attemptOf(scenario.activity(run.deps), [ref]);
  await Promise.race([first, run.reached]);
  if (cut.how === 'killed' || cut.how === 'paused') bench.clock.pass(START_TO_CLOSE_MS);
  else await first;
  const again = toTheEnd(bench, scenario.activity(bench.deps), ref);
  if (cut.how === 'paused') {
    await untilBlockedOr(bench.db, again);
    run.resume();
    await first;
  }
  await again;
  return { bench, ref };
}

/** Plays the story once for each cut; a difference is reported with the cut and the name of its step. */
async function endsTheSame(
  scenario: Scenario,
  steps: readonly string[],
  cuts: readonly Cut[],
): Promise<void> {
  await forEachCut(cuts, async (cut) => {
    const { bench, ref } = await playCut(scenario, cut);

    const at = steps[cut.step - 1];
    expect({ cut, at, end: await endOf(bench, scenario, ref) }).toEqual({
      cut,
      at,
      end: expectedEnd(scenario),
    });
  });
}

describe.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
  test('F26 F75 I1 I6: ends the same when the worker is killed at any step', async () => {
    const steps = await stepsOf(scenario);

    await endsTheSame(scenario, steps, killsOf(steps));
  });

  test('F76 F77 I1 I6: ends the same when the connection breaks at any step', async () => {
    const steps = await stepsOf(scenario);

    await endsTheSame(scenario, steps, breaksOf(steps));
  });
});

describe('F25: a worker that was taken for dead and goes on while another runs the same activity', () => {
  const stories = SCENARIOS.filter((scenario) => !scenario.name.includes('refuses'));

  test.each(stories.map((scenario) => [scenario.name, scenario] as const))(
    '%s ends the same',
    async (_name, scenario) => {
      const steps = await stepsOf(scenario);

      await endsTheSame(scenario, steps, pausesOf(steps));
    },
  );

  test('I7 I1: an order that arrives after the refund was refused reopens it for a person, paid once', async () => {
    const scenario = SCENARIOS.find((one) => one.name.includes('refuses'));
    if (scenario === undefined) throw new Error('the story is missing');
    const bench = besides(shared);
    const ref = await scenario.prepare(bench);
    const late = bench.channel.orders;
    const steps = await stepsOf(scenario);
    const run = cutRun(bench.deps, bench.channel, {
      step: steps.indexOf('submitRefund') + 1,
      when: 'before',
      how: 'paused',
    });
    const first = attemptOf(scenario.activity(run.deps), [ref]);
    await run.reached;
    bench.clock.pass(START_TO_CLOSE_MS);
    const second = await toTheEnd(bench, scenario.activity(bench.deps), ref);
    bench.channel.forgetScript('submitRefund');

    run.resume();
    await first;

    expect(second.result).toMatchObject({ state: 'failed', reason: 'refused' });
    expect(late).toHaveLength(2);
    expect(await rowOf(bench, ref)).toMatchObject({
      state: 'needs_action',
      stateReason: 'conflict_of_evidence',
    });
    expect(bench.channel.ledger.movements).toHaveLength(1);
    expect((await sumsOf(bench.db, (await rowOf(bench, ref)).payment.id)).reserved).toBe(2345n);
  });
});

describe('F28: Postgres asks for a transaction to be repeated', () => {
  test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s: it is, inside the same attempt, and no evidence is doubled',
    async (_name, scenario) => {
      const steps = await stepsOf(scenario);
      const plain = await playOnce(scenario, null);
      const repeats = repeatsOf(steps);

      await forEachCut(repeats, async (cut) => {
        const repeated = await playOnce(scenario, cut);

        expect({ cut, ...repeated }).toEqual({ cut, ...plain });
      });

      expect(repeats.length).toBeGreaterThan(3);
    },
  );
});

/** How a single attempt ends, and which evidence it leaves. */
async function playOnce(scenario: Scenario, cut: Cut | null): Promise<{ ended: unknown; evidence: unknown }> {
  const bench = besides(shared);
  const ref = await scenario.prepare(bench);
  const run = cutRun(bench.deps, bench.channel, cut);
  const ended = await attemptOf(scenario.activity(run.deps), [ref]);
  const kinds = (await evidenceOf(bench, ref)).map((one) => `${one.source}/${one.kind}`);
  if (ended.how === 'failure') return { ended: ended.code, evidence: kinds };
  return { ended: { state: ended.result.state, reason: ended.result.reason }, evidence: kinds };
}

/** Whether the step stands between a `begin` and its `commit`, where Postgres may ask for another try. */
function isInTransaction(steps: readonly string[], step: number): boolean {
  const before = steps.slice(0, step - 1);
  return before.lastIndexOf('begin') > before.lastIndexOf('commit') && steps[step - 1] !== 'submitRefund';
}
