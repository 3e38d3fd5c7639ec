/** A process that starts engines and tells where they are, for tests that end it without warning. */
import { startEngines } from '../../workers/engines/engines.ts';
import type { EngineOptions } from '../../workers/engines/engines.ts';

const options = JSON.parse(process.argv[2] ?? '') as Omit<EngineOptions, 'log'>;
const log: string[] = [];
const engines = await startEngines({ ...options, log: (line) => log.push(line) });
const { databaseUrl, temporalAddress } = engines;
process.stdout.write(
  `${JSON.stringify({ pid: process.pid, ...engines.pids(), databaseUrl, temporalAddress, log })}\n`,
);
// Engines keep nobody alive; what this process is for is to be killed.
setInterval(() => undefined, 60_000);
