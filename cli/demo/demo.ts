/** `yuanlu demo`: a virtual month of refunds on real engines, ended by sums that add up. */
import { setMaxListeners } from 'node:events';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { addDays, beijingDateOf } from '../../domain/time/plain-date.ts';
import { oldestTaskAgeMs } from '../../workers/backlog.ts';
import { quietTemporalLogs } from '../../workers/temporal-logs.ts';
import type { Stack } from '../../workers/stack.ts';
import { startStack } from '../../workers/stack.ts';
import { EXIT } from '../exit.ts';
import { progressByDay } from '../output.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Check } from './checks.ts';
import { runChecks } from './checks.ts';
import type { Planted } from './planted.ts';
import type { ClosedMonth } from './close-month.ts';
import { closeMonth, closingChecks } from './close-month.ts';
import { readPlanted } from './planted.ts';
import { DEMO_CHANNELS } from './channels.ts';
import { DAY_MS, planMonth, refundsMin } from './plan.ts';
import type { DemoPlan } from './plan.ts';
import { TooBusyError } from './again.ts';
import type { Flight } from './flight.ts';
import { makeDemoFolder } from './folder.ts';
import { createFlight } from './flight.ts';
import type { KeptPace } from './pace.ts';
import { keepPace, RATE_AT_FIRST } from './pace.ts';
import { keepToppedUp } from './top-up.ts';
import { FAST_RATE } from '../commands/dev.ts';
import { describeKeptStack } from './keep-up.ts';
import { demoText } from './print.ts';
import type { DemoReport } from './report.ts';
import { receiptChecks, showReceipt } from './receipt.ts';
import type { ShownReceipt } from './receipt.ts';
import { readReport } from './report.ts';
import { quietDayOf, untilQuiet } from './until-quiet.ts';
import { missingTraces } from './traces.ts';
import { playTraffic } from './traffic.ts';
import { AppError } from '../../domain/errors.ts';

/** The month begins on this instant (00:00 Beijing); it runs into the long National Day holiday. */
const ORIGIN = new Date('2026-09-01T00:00:00+08:00');
const MONTH_DAYS = 30;
/** As a shell has it after Ctrl-C. */
const EXIT_INTERRUPTED = 130;
/** What is still to come after the month: bills, slow cards, the overdue list. */
const RUN_OFF_DAYS_MAX = 45;

export interface DemoOptions {
  readonly refunds: string;
  readonly seed: string;
  readonly keep: boolean;
  readonly json: boolean;
}

export interface DemoResult extends DemoReport {
  readonly planted: readonly Planted[];
  readonly checks: readonly Check[];
  /** One refund's receipt as its payer gets it; null where there was no refund to show. */
  readonly receipt: ShownReceipt | null;
  readonly closed_days: ClosedMonth;
  readonly urls: {
    readonly console: string | null;
    readonly receipt: string | null;
    readonly temporal: string | null;
    readonly api: string;
  };
  readonly seed: number;
  readonly elapsed_ms: number;
}

/** Returns the exit code: 0 only when every check is ok. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const began = performance.now();
  const size = wholeNumber(options.refunds, 'refunds', refundsMin(DEMO_CHANNELS));
  const seed = wholeNumber(options.seed, 'seed', 0);
  const plan = planMonth({ refunds: size, seed, days: MONTH_DAYS, channels: DEMO_CHANNELS });
  quietTemporalLogs('ERROR');
  say(
    `September 2026 with ${String(size)} refunds, as fast as this machine can carry it: WeChat Pay, Alipay and UnionPay on this machine, a real Postgres, a real Temporal`,
  );
  const root = resolve('.yuanlu');
  const dataDir = await makeDemoFolder(root);
  const line = progressByDay();
  const stop = new AbortController();
  // Each refund under way listens to it.
  setMaxListeners(0, stop.signal);
  const interrupted = untilStopped().then(() => {
    stop.abort();
  });
  let stack: Stack | null = null;
  try {
    say('starting Postgres, Temporal and the sandboxes');
    stack = await startDemoStack(dataDir, seed);
    const flight = createFlight();
    const pace = paceOf(stack, flight);
    const balances = keepToppedUp(stack.context.clock, stack.shops);
    const tell = (text: string): void => {
      line.update(text);
    };
    const ran = await play(stack, plan, { update: tell, signal: stop.signal, flight, pace }).finally(() =>
      Promise.all([pace.stop(), balances.stop()]),
    );
    const month = { first: beijingDateOf(ORIGIN), days: MONTH_DAYS, plan };
    // What a refund's payer is shown does not depend on which days are closed.
    const [closed, receipt] = await Promise.all([
      closeMonth(stack, month, (text) => {
        stop.signal.throwIfAborted();
        tell(text);
      }),
      showReceipt(stack, ran, join(root, 'demo-papers')),
    ]);
    line.done();
    const checks = [
      ...ran.checks,
      ...closingChecks(closed),
      ...(receipt === null ? [] : receiptChecks(receipt)),
    ];
    const urls = urlsOf(stack, receipt);
    const result = {
      ...ran,
      checks,
      receipt,
      closed_days: closed,
      urls,
      seed,
      elapsed_ms: Math.round(performance.now() - began),
    };
    process.stdout.write(`${demoText(result, options.json)}\n`);
    if (options.keep) {
      // At the month's pace links would expire and approvals with them before anybody has looked.
      stack.virtual?.setRate(FAST_RATE);
      for (const text of await describeKeptStack(stack, dataDir)) say(text);
      await interrupted;
    }
    return result.checks.every((check) => check.ok) ? EXIT.ok : EXIT.differences;
  } catch (error) {
    if (stop.signal.aborted) return EXIT_INTERRUPTED;
    if (!(error instanceof TooBusyError)) throw error;
    line.done();
    say(error.message);
    return EXIT.differences;
  } finally {
    line.done();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function startDemoStack(dataDir: string, seed: number): Promise<Stack> {
  return startStack({
    dataDir,
    keepData: false,
    apiPort: 0,
    // Begins at the start of the first day, a little in the future: the stack takes a moment to come up.
    virtualTime: () => ({ originMs: ORIGIN.getTime(), epochMs: Date.now(), rate: RATE_AT_FIRST }),
    // Hours pass between two looks of the scheduler in any case; each costs time that the month could use.
    schedule: '*/2 * * * * *',
    lookBackDays: 4,
    // A refund that the channel tells nobody about is asked for about every third day: each question costs time as well.
    pollFloorMs: 3_500,
    seed,
    logLevel: 'error',
    temporalUi: true,
    durableTemporal: false,
    say,
  });
}

function paceOf({ virtual, context }: Stack, flight: Flight): KeptPace {
  if (virtual === null) throw new Error('the demo runs in virtual time');
  const { client } = context.temporal;
  const oldestTaskMs = (): Promise<number> => oldestTaskAgeMs(client, context.config.temporalNamespace);
  return keepPace(virtual, oldestTaskMs, () => flight.oldestMs());
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function play(
  stack: Stack,
  plan: DemoPlan,
  o: {
    readonly update: (text: string) => void;
    readonly signal: AbortSignal;
    readonly flight: Flight;
    readonly pace: KeptPace;
  },
): Promise<DemoReport & { planted: readonly Planted[]; checks: readonly Check[] }> {
  const { update, signal, flight, pace } = o;
  const { clock, pool } = stack.context;
  const today = (): string => beijingDateOf(clock.now());
  let asked = 0;
  const ticker = setInterval(() => {
    update(`${today()}  ${String(asked)} of ${String(plan.refunds.length)} refunds asked for`);
  }, 500);
  try {
    const onStep = (done: number): void => {
      asked = done;
    };
    await playTraffic(stack, plan, { onStep, signal, flight });
  } finally {
    clearInterval(ticker);
  }
  pace.forgetCeiling();
  const lastDay = addDays(beijingDateOf(ORIGIN), MONTH_DAYS - 1);
  await untilQuiet(
    {
      pool,
      clock,
      plan,
      quietDay: quietDayOf(plan, ORIGIN, lastDay),
      until: new Date(ORIGIN.getTime() + (MONTH_DAYS + RUN_OFF_DAYS_MAX) * DAY_MS),
      signal,
    },
    (open) => {
      update(`${today()}  ${open}`);
    },
  );
  const report = await readReport(stack.context, clock.now());
  const planted = await readPlanted(pool, plan, stack.shops, beijingDateOf(ORIGIN));
  const traceless = await missingTraces(pool, plan, stack.shops);
  const checks = await runChecks({ pool, plan, shops: stack.shops, report, planted, traceless });
  return { ...report, planted, checks };
}

function urlsOf(stack: Stack, receipt: ShownReceipt | null): DemoResult['urls'] {
  // The console is not built yet; its place in the contract stays empty until it is.
  const { temporalUiUrl: temporal } = stack.engines;
  return { console: null, receipt: receipt?.url ?? null, temporal, api: stack.api.url };
}

/** @throws AppError `request_invalid` */
function wholeNumber(text: string, name: string, least: number): number {
  const value = Number(text);
  if (!/^[0-9]{1,9}$/.test(text) || value < least) {
    throw new AppError('request_invalid', {
      [`--${name}`]: text,
      remedy: `Give a whole number, at least ${String(least)}.`,
    });
  }
  return value;
}
