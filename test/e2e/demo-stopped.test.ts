/** Somebody who has seen enough of the demo stops it in the middle of the month. */
import { expect, test, vi } from 'vitest';
import { start } from './command.ts';
import { until } from './shop.ts';

vi.setConfig({ testTimeout: 180_000 });

test('Ctrl-C in the middle of the traffic ends the demo without a word of failure', async () => {
  const demo = start(['demo', '--refunds', '60', '--seed', '7']);
  try {
    await until(
      'refunds are being asked for',
      () => {
        const value = demo.stderr();
        return Promise.resolve({ done: / [1-9][0-9]* of 60 refunds asked for/.test(value), value });
      },
      120_000,
    );
    demo.child.kill('SIGINT');
    const { code, stdout, stderr } = await demo.ended;

    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr).not.toMatch(/no answer|Warning/);
  } finally {
    demo.child.kill('SIGKILL');
  }
});
