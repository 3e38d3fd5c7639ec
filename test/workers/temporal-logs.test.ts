/** Temporal's own log lines: one line each, expected ones kept back, and none of them lost otherwise. */
import { describe, expect, test } from 'vitest';
import { temporalLogger } from '../../workers/temporal-logs.ts';

function logged(
  level: 'ERROR' | 'WARN' | 'INFO',
  act: (logger: ReturnType<typeof temporalLogger>) => void,
): string[] {
  const lines: string[] = [];
  act(temporalLogger(level, (line) => lines.push(line)));
  return lines;
}

const DROPPED =
  'Activity not found on completion. This may happen if the activity has already been cancelled but completed anyway.';

describe('the log of the SDK', () => {
  test('says nothing of a poll that was dropped because a callback came first', () => {
    expect(logged('INFO', (logger) => logger.log('WARN', DROPPED, { details: 'NotFound' }))).toEqual([]);
  });

  test('says everything else of its level and above', () => {
    const lines = logged('WARN', (logger) => {
      logger.info('Worker state changed');
      logger.warn('Failed to report an activity');
      logger.error(DROPPED);
    });

    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \[WARN\] Failed to report an activity\n$/);
    expect(lines[1]).toContain('[ERROR]');
  });

  test('is one line per entry, whatever stands in it', () => {
    const error = new Error('first line\nsecond line');

    const [line = ''] = logged('INFO', (logger) => {
      logger.error('broken\r\n{"level":60}', { error, count: 7n, workflowId: 'refund/m/R\n1' });
    });

    expect(line.endsWith('\n')).toBe(true);
    expect(line.slice(0, -1)).not.toMatch(/[\r\n]/);
    expect(line).toContain('"count":"7"');
    expect(line).toContain('first line\\nsecond line');
  });
});
