/** Where the log lines of Temporal's SDK go, those of its native core included: to stderr, so that stdout has results only. */
import type { LogEntry } from '@temporalio/worker';
import { DefaultLogger, Runtime } from '@temporalio/worker';

type Level = 'ERROR' | 'WARN' | 'INFO';

/** Warnings of the SDK about what is the plan here, not a fault. */
const EXPECTED = [
  // A poll comes back after its refund has ended: a callback won the race and dropped it (workflows/refund.ts); what the
  // poll learned was recorded before it came back.
  'Activity not found on completion',
  // The queues of channel calls and statements have activities only.
  'No workflows registered, not polling for workflow tasks',
];

/** A logger for the SDK that keeps back what is expected here. `write` takes whole lines. */
export function temporalLogger(
  level: Level,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): DefaultLogger {
  return new DefaultLogger(level, (entry) => {
    if (entry.level === 'WARN' && EXPECTED.some((start) => entry.message.startsWith(start))) return;
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

/**
 * Ends the SDK's native core where nothing of it is in use any more. Once it has a logger it keeps its process alive, and
 * only the last worker's end ends it: a start that failed before its worker would never end.
 */
export async function endTemporalCore(): Promise<void> {
  await Runtime.instance().shutdown();
}
