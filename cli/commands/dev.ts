/** `yuanlu dev`: the whole stack kept up, with data kept between starts, until Ctrl-C. */
import { resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { ReleaseLimits } from '../../domain/refund/limits.ts';
import { readAsFarAsPossible } from '../../workers/config.ts';
import type { Stack } from '../../workers/stack.ts';
import { startStack } from '../../workers/stack.ts';
import { quietTemporalLogs } from '../../workers/temporal-logs.ts';
import { writeSettings } from '../stack-settings.ts';
import { untilStopped } from '../until-stopped.ts';

/** How often the scheduler looks; production looks every five minutes. */
const SCHEDULE = '*/10 * * * * *';
const FAST_SCHEDULE = '* * * * * *';

const PORT_MAX = 65_535;

/** Business seconds per wall second with --fast: statements of the next day come within a minute. */
export const FAST_RATE = 86_400 / 30;

export interface DevFlags {
  readonly port: string;
  readonly dir?: string;
  readonly fast: boolean;
}

/** @throws AppError `config_invalid`, `engine_unavailable`; the latter also when the engines are lost for good later */
export async function runDev(flags: DevFlags): Promise<void> {
  const apiPort = portOf(flags.port);
  const { fast } = flags;
  const dataDir = resolve(flags.dir ?? (fast ? '.yuanlu/dev-fast' : '.yuanlu/dev'));
  quietTemporalLogs('WARN');
  const data = fast
    ? 'a day passes in half a minute, data are not kept'
    : `books and sandboxes are kept in ${dataDir}`;
  say(`starting Postgres, Temporal, a sandbox and the system itself; ${data}`);
  const stack = await startStack({
    ...{ dataDir, keepData: !fast, apiPort },
    virtualTime: fast ? () => ({ originMs: Date.now(), epochMs: Date.now(), rate: FAST_RATE }) : null,
    schedule: fast ? FAST_SCHEDULE : SCHEDULE,
    lookBackDays: fast ? 1 : 7,
    pollFloorMs: 1_000,
    seed: 1,
    logLevel: fast ? 'error' : 'warn',
    ...releaseLimits(),
    temporalUi: true,
    durableTemporal: !fast,
    say,
  });
  try {
    await introduce(stack, dataDir, fast);
    await untilStopped(enginesLost(stack));
    say('stopping');
  } finally {
    await stack.stop();
  }
}

/**
 * The limits above which two people release a refund, from the environment as in production: to see how that is.
 * @throws AppError `config_invalid` where one of them cannot be read
 */
function releaseLimits(): { readonly releaseLimits?: ReleaseLimits } {
  const { config, errors } = readAsFarAsPossible(process.env);
  const wrong = errors.filter((error) => error.startsWith('YUANLU_RELEASE_'));
  if (wrong.length > 0) throw new AppError('config_invalid', { errors: wrong });
  return config.releaseLimits === undefined ? {} : { releaseLimits: config.releaseLimits };
}

/** Two lines for programs on stdout, the rest for the person who waits. */
async function introduce(stack: Stack, dataDir: string, fast: boolean): Promise<void> {
  const path = await writeSettings(stack, dataDir);
  process.stdout.write(`YUANLU_API_URL=${stack.api.url}\nYUANLU_API_KEY=${stack.apiKey}\n`);
  for (const line of [
    '',
    'Ready. In another terminal:',
    `  . ${path}`,
    '  npx yuanlu doctor',
    '  npx yuanlu refunds list',
    '',
    `API          ${stack.api.url}/docs`,
    `Temporal UI  ${stack.engines.temporalUiUrl ?? 'not started'}`,
    ...stack.shops.map(({ channel, sandbox }) => `${channel.padEnd(13)}${sandbox.url}/sandbox`),
    'The last ones are sandboxes: they make payments to refund (docs/sandbox.md).',
    '',
    fast
      ? 'Ctrl-C stops everything; the data go. Begin with the quick start of the first address.'
      : 'Ctrl-C stops everything; the data stay.',
  ])
    say(line);
}

async function enginesLost(stack: Stack): Promise<never> {
  throw new AppError('engine_unavailable', { errors: [await stack.engines.gone] });
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= PORT_MAX) return Number(text);
  throw new AppError('config_invalid', {
    errors: [`--port: ${text} is not a whole number from 0 to ${String(PORT_MAX)}`],
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
