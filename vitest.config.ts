import { defineConfig } from 'vitest/config';

/** Folders whose tests need nothing but Node: `npm run test:unit`, on any Node from the floor upwards. */
const UNIT = [
  'test/domain/**/*.test.ts',
  'test/channels/**/*.test.ts',
  'test/house/**/*.test.ts',
  'test/cli/**/*.test.ts',
];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
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
          exclude: UNIT,
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['test/support/quiet-temporal.ts'],
        },
      },
    ],
  },
});
