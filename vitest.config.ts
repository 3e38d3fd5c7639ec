import { defineConfig } from 'vitest/config';

/** Folders whose tests need nothing but Node: `npm run test:unit`, on any Node from the floor upwards. */
const UNIT = [
  'test/domain/**/*.test.ts',
  'test/channels/**/*.test.ts',
  'test/receipts/**/*.test.ts',
  'test/closing/**/*.test.ts',
  'test/notices/**/*.test.ts',
  'test/house/**/*.test.ts',
  'test/cli/**/*.test.ts',
];

/** The whole system at once, from request to proof. */
const WHOLE_SYSTEM = 'test/e2e/**/*.test.ts';
/** Of these, what aims at moments that it has measured, or waits for moments of a clock that others must not slow down. */
const TIMED = ['test/e2e/killed-days.test.ts', 'test/e2e/scenarios.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    // A process reads the code once and not again for each of hundreds of files: a test leaves nothing behind in it.
    isolate: false,
    // Two cores, and tests that also wait: for engines, for clocks, for processes of their own.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters:
      process.env['CI'] === undefined ? ['default'] : ['default', './test/support/no-skips-reporter.ts'],
    projects: [
      { extends: true, test: { name: 'unit', include: UNIT } },
      {
        extends: true,
        test: {
          name: 'real',
          include: ['test/**/*.test.ts'],
          exclude: [...UNIT, WHOLE_SYSTEM],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [WHOLE_SYSTEM],
          exclude: TIMED,
          // Each brings engines of its own and a clock that runs fast, and half of them mostly wait for it: two at a time, when the
          // others are through.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: TIMED,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
