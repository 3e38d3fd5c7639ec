/** `yuanlu dev`: the whole stack kept up, with data kept between starts, until Ctrl-C. */
import { resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { Stack } from '../../workers/stack.ts';
import { startStack } from '../../workers/stack.ts';
import { quietTemporalLogs } from '../../workers/temporal-logs.ts';
import { writeSettings } from '../stack-settings.ts';
import { untilStopped } from '../until-stopped.ts';

/** How often the scheduler looks; production looks every five minutes. */
const SCHEDULE = '*/10 * * * * *';

const PORT_MAX = 65_535;

export interface DevFlags {
  readonly port: string;
  readonly dir: string;
}

/** @throws AppError `config_invalid`, `engine_unavailable`; the latter also when the engines are lost for good later */
export async function runDev(flags: DevFlags): Promise<void> {
  const apiPort = portOf(flags.port);
  const dataDir = resolve(flags.dir);
  quietTemporalLogs('WARN');
  say(`starting Postgres, Temporal, a sandbox and the system itself; data are kept in ${dataDir}`);
  const stack = await startStack({
    ...{ dataDir, keepData: true, apiPort },
    virtualTime: null,
    schedule: SCHEDULE,
    lookBackDays: 7,
    pollFloorMs: 1_000,
    seed: 1,
    logLevel: 'warn',
    temporalUi: true,
    durableTemporal: true,
    say,
  });
  try {
    await introduce(stack, dataDir);
    await untilStopped(enginesLost(stack));
    say('stopping');
  } finally {
    await stack.stop();
  }
}

/** Two lines for programs on stdout, the rest for the person who waits. */
async function introduce(stack: Stack, dataDir: string): Promise<void> {
  const path = await writeSettings(stack, dataDir);
  process.stdout.write(`YUANLU_API_URL=${stack.api.url}\nYUANLU_API_KEY=${stack.apiKey}\n`);
  for (const line of [
    '',
    'Ready. In another terminal:',
    `  . ${path}`,
    '  npx yuanlu doctor',
    '  npx yuanlu refunds list',
    '',
    `API          ${stack.api.url}/openapi.json`,
    `Temporal UI  ${stack.engines.temporalUiUrl ?? 'not started'}`,
    ...stack.shops.map(({ channel, sandbox }) => `${channel.padEnd(13)}${sandbox.url}/sandbox`),
    'The last ones are sandboxes: they make payments to refund (docs/sandbox.md).',
    '',
    'Ctrl-C stops everything; the data stay.',
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
