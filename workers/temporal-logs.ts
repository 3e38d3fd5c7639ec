/** Where the log lines of Temporal's SDK go, those of its native core included: to stderr, so that stdout has results only. */
import type { LogEntry } from '@temporalio/worker';
import { DefaultLogger, Runtime } from '@temporalio/worker';

type Level = 'ERROR' | 'WARN' | 'INFO';

/**
 * What the core warns of when a poll that nobody waits for any more comes back after its refund has ended. Here that is the
 * plan, not a fault: a callback that wins the race drops the poll in flight (workflows/refund.ts), and what the poll learned
 * was recorded before it came back.
 */
const DROPPED_POLL = 'Activity not found on completion';

/** A logger for the SDK that keeps back what is expected here. `write` takes whole lines. */
export function temporalLogger(
  level: Level,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): DefaultLogger {
  return new DefaultLogger(level, (entry) => {
    if (entry.level === 'WARN' && entry.message.startsWith(DROPPED_POLL)) return;
    write(lineOf(entry));
  });
}

/** One entry is one line, whatever an error message or a workflow's data has in it. */
function lineOf({ timestampNanos, level, message, meta }: LogEntry): string {
  const at = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  const facts = meta === undefined ? '' : ` ${JSON.stringify(meta, readable)}`;
  return `${at} [${level}] ${message.replaceAll(/[\r\n]+/g, ' ')}${facts}\n`;
}

function readable(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? (value.stack ?? value.message) : value;
}

/** Once per process, before anything else of the SDK. */
export function quietTemporalLogs(level: Level): void {
  Runtime.install({
    logger: temporalLogger(level),
    telemetryOptions: { logging: { filter: { core: level, other: 'ERROR' }, forward: {} } },
    shutdownSignals: [],
  });
}
