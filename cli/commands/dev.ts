/** `yuanlu dev`: the whole stack kept up, with data kept between starts, until Ctrl-C. */
import { join, resolve } from 'node:path';
import { startStack } from '../../workers/stack.ts';
import { quietTemporalLogs } from '../../workers/temporal-logs.ts';
import { untilStopped } from '../until-stopped.ts';

/** How often the scheduler looks; production looks every five minutes. */
const SCHEDULE = '*/10 * * * * *';

export async function runDev(options: { port: string }): Promise<void> {
  quietTemporalLogs('WARN');
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const dataDir = join(resolve('.yuanlu'), 'dev');
  say(`starting; data is kept in ${dataDir}`);
  const stack = await startStack({
    dataDir,
    keepData: true,
    apiPort: Number(options.port),
    virtualTime: null,
    schedule: SCHEDULE,
    lookBackDays: 7,
    pollFloorMs: 1_000,
    seed: 1,
    logLevel: 'info',
    temporalUi: true,
    durableTemporal: true,
    say,
  });
  try {
    const settings = {
      YUANLU_API_URL: stack.api.url,
      YUANLU_API_KEY: stack.apiKey,
      YUANLU_DATABASE_URL: stack.config.databaseUrl,
      TEMPORAL_ADDRESS: stack.config.temporalAddress,
      YUANLU_ACCOUNTS_FILE: stack.config.accountsFile,
      YUANLU_FILES_DIR: stack.config.filesDir,
      YUANLU_ENV: 'development',
    };
    say('Ready. For other terminals:');
    for (const [name, value] of Object.entries(settings)) process.stdout.write(`export ${name}='${value}'\n`);
    say(`Temporal UI  ${stack.engines.temporalUiUrl ?? ''}`);
    say(`Sandbox      ${stack.sandbox.url}  (POST /sandbox/orders makes a payment; see docs/sandbox.md)`);
    say(`API          ${stack.api.url}/openapi.json`);
    say('Ctrl-C stops everything.');
    await untilStopped();
  } finally {
    await stack.stop();
  }
}
