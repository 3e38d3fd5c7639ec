/**
 * F75, F76, F78: `kill -9` of the worker, of Postgres and of Temporal at random moments of the demo's traffic. Whatever
 * dies, everything ends as planned, and the channel's own ledger shows no refund twice (I1) and none lost (I3).
 * The dice are printed; `YUANLU_CHAOS_SEED` repeats a run.
 */
import '../support/quiet-temporal.ts';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../cli/demo/checks.ts';
import { runChecks } from '../../cli/demo/checks.ts';
import type { Planted } from '../../cli/demo/planted.ts';
import { readPlanted } from '../../cli/demo/planted.ts';
import { DEMO_CHANNELS } from '../../cli/demo/channels.ts';
import { dice } from '../../cli/demo/dice.ts';
import type { DemoPlan } from '../../cli/demo/plan.ts';
import { DAY_MS, planMonth } from '../../cli/demo/plan.ts';
import { readReport } from '../../cli/demo/report.ts';
import { keepToppedUp } from '../../cli/demo/top-up.ts';
import { playTraffic } from '../../cli/demo/traffic.ts';
import type { DemoChannel, DemoChannels, DemoTrouble } from '../../cli/demo/trouble.ts';
import { untilQuiet } from '../../cli/demo/until-quiet.ts';
import { addDays, beijingDateOf } from '../../domain/time/plain-date.ts';
import { toEnv } from '../../workers/config.ts';
import type { Stack } from '../../workers/stack.ts';
import { startStack } from '../../workers/stack.ts';
import { until } from './shop.ts';

const ORIGIN = new Date('2026-09-01T00:00:00+08:00');
const DAYS = 8;
const REFUNDS = 60;
/**
 * Business days a wall second. Slow enough that a restart of an engine is not a week, and that a loaded machine carries
 * what each day brings: some fifteen activities on the statements' queue, whatever the traffic. The worker is a process
 * of its own, so its clock cannot be slowed when it falls behind, as the demo's is.
 */
const DAYS_PER_SECOND = 0.15;
const KILLS = 9;
/** Days after the last one that pass in any case: time for what must not happen. */
const SETTLE_DAYS = 8;
/** The demo's longest wait, cut short: this clock runs slowly, and no long holiday makes promises of these weeks later. */
const LATE = { kind: 'late_success', days: 12 } as const;
const [FIRST, ...OTHERS] = DEMO_CHANNELS;
const CHANNELS: DemoChannels = [withShortWaits(FIRST), ...OTHERS.map(withShortWaits)];
/** How long after everything stood still the sums may still be wrong: bills and sweeps of the last days. */
const SUMS_LIMIT_MS = 180_000;

const seed = Number(process.env['YUANLU_CHAOS_SEED'] ?? Date.now() % 1_000_000);
const roll = dice(seed);

let dataDir: string;
let stack: Stack;
let worker: ChildProcess | null = null;
let balances: ReturnType<typeof keepToppedUp>;
let stopping = false;

function withShortWaits(at: DemoChannel): DemoChannel {
  const troubles = Object.entries(at.troubles).map(([name, trouble]): [string, DemoTrouble] => [
    name,
    trouble.atSandbox.kind === LATE.kind ? { ...trouble, atSandbox: LATE } : trouble,
  ]);
  return { ...at, troubles: Object.fromEntries(troubles) };
}

/** The worker as a process of its own, started again whenever it dies, as a supervisor would. */
function startWorker(): void {
  const command = fileURLToPath(new URL('../../bin/yuanlu.js', import.meta.url));
  const child = spawn(process.execPath, [command, 'worker'], {
    env: { ...process.env, ...toEnv(stack.config) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  worker = child;
  child.once('exit', () => {
    if (!stopping) setTimeout(startWorker, 300);
  });
}

beforeAll(async () => {
  const root = resolve('.yuanlu');
  await mkdir(root, { recursive: true });
  dataDir = await mkdtemp(join(root, 'chaos-'));
  stack = await startStack({
    dataDir,
    keepData: false,
    apiPort: 0,
    virtualTime: () => ({ originMs: ORIGIN.getTime(), epochMs: Date.now(), rate: DAYS_PER_SECOND * 86_400 }),
    schedule: '* * * * * *',
    lookBackDays: 8,
    pollFloorMs: 1_000,
    seed,
    logLevel: 'silent',
    temporalUi: false,
    durableTemporal: true,
    without: ['worker'],
    say: () => undefined,
  });
  balances = keepToppedUp(stack.context.clock, stack.shops);
  startWorker();
}, 120_000);

afterAll(async () => {
  stopping = true;
  worker?.kill('SIGKILL');
  await balances.stop();
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

async function readSums(plan: DemoPlan): Promise<{ planted: readonly Planted[]; checks: readonly Check[] }> {
  const { pool, clock } = stack.context;
  const report = await readReport(stack.context, clock.now());
  const planted = await readPlanted(pool, plan, stack.shops, beijingDateOf(ORIGIN));
  // A worker that is killed between an answer and the note of it leaves no trace of that answer.
  return {
    planted,
    checks: await runChecks({ pool, plan, shops: stack.shops, report, planted, traceless: [] }),
  };
}

const VICTIMS = ['worker', 'postgres', 'temporal'] as const;

/** Each of them once, whatever the dice say, and then at random: the worker as often as the two engines together. */
async function killAtRandom(until: () => boolean): Promise<string[]> {
  const killed: string[] = [];
  const turn = roll.between(0, VICTIMS.length - 1);
  const first = [...VICTIMS.slice(turn), ...VICTIMS.slice(0, turn)];
  while (killed.length < KILLS && !until()) {
    await sleep(roll.between(1_500, 5_000));
    const victim = first[killed.length] ?? roll.pick(['worker', 'worker', 'postgres', 'temporal']);
    const pid = victim === 'worker' ? worker?.pid : stack.engines.pids()[victim];
    if (pid === undefined || pid === null) continue;
    try {
      process.kill(pid, 'SIGKILL');
      killed.push(victim);
    } catch {
      // It died a moment ago and is being started again.
    }
  }
  return killed;
}

describe(`with dice ${String(seed)}`, () => {
  test('F75 F76 F78 I1 I3: killing worker, Postgres and Temporal at random loses nothing and pays nothing twice', async () => {
    const plan = planMonth({ refunds: REFUNDS, seed, days: DAYS, channels: CHANNELS });
    const { pool, clock } = stack.context;

    let asked = false;
    const kills = killAtRandom(() => asked);
    const traffic = await playTraffic(stack, plan);
    asked = true;
    const killed = await kills;
    await untilQuiet(
      {
        pool,
        clock,
        plan,
        quietDay: addDays(beijingDateOf(ORIGIN), DAYS - 1 + SETTLE_DAYS),
        until: new Date(ORIGIN.getTime() + (DAYS + 30) * DAY_MS),
      },
      () => undefined,
    );

    const { planted, checks } = await until(
      'every planted trouble and every sum is as it should be',
      async () => {
        const value = await readSums(plan);
        const wrong = value.planted.some((one) => one.found !== one.expected);
        return { done: !wrong && value.checks.every((one) => one.ok), value };
      },
      SUMS_LIMIT_MS,
    );
    process.stderr.write(
      `chaos, dice ${String(seed)}: killed ${killed.join(', ')}; ${String(traffic.repeated)} requests repeated\n`,
    );

    expect(new Set(killed)).toEqual(new Set(VICTIMS));
    expect(traffic.accepted).toBe(REFUNDS);
    for (const { sandbox } of stack.shops) {
      expect(sandbox.ledger()).toMatchObject({ doublePayments: 0, overRefundedPayments: [], balanced: true });
    }
    expect(planted.filter((one) => one.found !== one.expected)).toEqual([]);
    expect(checks.filter((one) => !one.ok)).toEqual([]);
  }, 600_000);
});
