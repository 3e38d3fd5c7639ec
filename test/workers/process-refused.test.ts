/** Processes that cannot start: what is wrong is told at once, in words to act on, with the exit code that fits. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withDatabase } from '../support/database.ts';
import type { Ran } from '../e2e/command.ts';
import { run } from '../e2e/command.ts';
import type { Deployment } from './deployment.ts';
import { openDeployment } from './deployment.ts';

const LIMIT_MS = 60_000;
const NOBODY_LISTENS = 'postgres://somebody:s3cret-of-its-own@127.0.0.1:1/books';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await openDeployment();
});
afterAll(() => deployment.close());

const start = (name: string, change: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  run([name], { ...deployment.env, ...change });

function changed(url: string, change: (url: URL) => void): string {
  const other = new URL(url);
  change(other);
  return other.toString();
}

/** Every refusal: words for a person on stderr, none of them a stack trace or a secret, and nothing on stdout. */
function refused(ran: Ran, code: number): string {
  expect(ran.stdout).toBe('');
  expect(ran.stderr).not.toMatch(/^ {4}at /m);
  expect(ran.stderr).not.toContain('s3cret');
  expect(ran.code, ran.stderr).toBe(code);
  return ran.stderr;
}

describe('a configuration with errors', () => {
  test(
    'keeps every process from starting, and all errors of variables and accounts are told at once',
    async () => {
      const change = {
        TEMPORAL_ADDRESS: '',
        YUANLU_DATABASE_POOL: '5',
        YUANLU_SCHEDULE: 'hourly',
        YUANLU_CLOCK_RATE: '60',
        YUANLU_ENV: 'production',
      };

      const runs = await Promise.all(['worker', 'api', 'scheduler'].map((name) => start(name, change)));

      for (const ran of runs) {
        const said = refused(ran, 2);
        expect(said).toContain('config_invalid');
        for (const error of [
          'TEMPORAL_ADDRESS: is not set',
          'YUANLU_DATABASE_POOL: must be a whole number from 6 to 200',
          'YUANLU_SCHEDULE: must be a cron line',
          'a virtual clock is refused in production',
          'YUANLU_CLOCK_ORIGIN and YUANLU_CLOCK_EPOCH: both are needed',
          // The sandbox that the accounts file names, F83.
          'api_base: http://127.0.0.1',
        ])
          expect(said).toContain(error);
      }
    },
    LIMIT_MS,
  );

  test(
    'F83 is one without an accounts file, or with one that is none',
    async () => {
      const [without, nowhere] = await Promise.all([
        start('api', { YUANLU_ACCOUNTS_FILE: '' }),
        start('api', { YUANLU_ACCOUNTS_FILE: '/nowhere/accounts.json' }),
      ]);

      expect(refused(without, 2)).toContain('YUANLU_ACCOUNTS_FILE: is not set');
      expect(refused(nowhere, 2)).toContain('cannot read /nowhere/accounts.json');
    },
    LIMIT_MS,
  );
});

describe('a database', () => {
  test.concurrent.each([
    ['away', () => NOBODY_LISTENS, 3, 'Start Postgres, or correct YUANLU_DATABASE_URL.'],
    [
      'that does not take the password',
      (url: string) => changed(url, (one) => (one.password = 'another')),
      2,
      'Postgres says: password authentication failed',
    ],
    [
      'that is not there',
      (url: string) => withDatabase(url, 'nothing_of_that_name'),
      2,
      'database "nothing_of_that_name" does not exist',
    ],
    ['that was never migrated', (url: string) => withDatabase(url, 'postgres'), 3, 'Run `yuanlu migrate`.'],
  ])(
    '%s',
    async (_, urlOf, code, words) => {
      const url = urlOf(deployment.env['YUANLU_DATABASE_URL'] ?? '');

      expect(refused(await start('worker', { YUANLU_DATABASE_URL: url }), code)).toContain(words);
    },
    LIMIT_MS,
  );

  test(
    'F89 of a newer version is not touched by an older one',
    async () => {
      const { owner } = deployment.database;
      await owner.query(
        `insert into yuanlu.schema_migrations (name, checksum) values ('9999-of-tomorrow.sql', 'x')`,
      );

      const runs = await Promise.all([start('scheduler'), start('migrate')]);

      await owner.query(`delete from yuanlu.schema_migrations where name = '9999-of-tomorrow.sql'`);
      for (const ran of runs) {
        expect(refused(ran, 3)).toContain('schema_outdated');
        expect(ran.stderr).toContain('9999-of-tomorrow.sql, which this version does not know');
      }
    },
    LIMIT_MS,
  );

  test(
    'is migrated by whoever names nothing else, and only with an address',
    async () => {
      const { YUANLU_DATABASE_URL: url = '' } = deployment.env;

      const again = await run(['migrate', '--json'], { YUANLU_DATABASE_URL: url });

      expect(again).toMatchObject({ code: 0, stdout: '{"applied":[]}\n', stderr: '' });
      expect(refused(await run(['migrate']), 2)).toContain('YUANLU_DATABASE_URL: is not set');
      expect(refused(await run(['migrate'], { YUANLU_DATABASE_URL: NOBODY_LISTENS }), 3)).toContain(
        'Start Postgres',
      );
    },
    LIMIT_MS,
  );
});

describe('a Temporal', () => {
  test(
    'that is away ends a worker, which has nothing to do without it',
    async () => {
      const said = refused(await start('worker', { TEMPORAL_ADDRESS: '127.0.0.1:1' }), 3);

      expect(said).toContain('address: 127.0.0.1:1');
      expect(said).toContain('Start Temporal, or correct TEMPORAL_ADDRESS.');
    },
    LIMIT_MS,
  );

  test(
    'without the namespace ends a worker with the command that makes it',
    async () => {
      const said = refused(await start('worker', { TEMPORAL_NAMESPACE: 'nobody-made-it' }), 2);

      expect(said).toContain('there is no namespace nobody-made-it');
      expect(said).toContain('temporal operator namespace create --namespace nobody-made-it');
    },
    LIMIT_MS,
  );
});

test(
  'an api whose port somebody else has says so',
  async () => {
    const stranger = createServer();
    await new Promise<void>((listening) => {
      stranger.listen(0, '127.0.0.1', listening);
    });
    const port = String((stranger.address() as AddressInfo).port);

    const said = refused(await start('api', { YUANLU_API_PORT: port }), 2);

    expect(said).toContain(`cannot listen on 127.0.0.1:${port}, another program does`);
    await new Promise((closed) => {
      stranger.close(closed);
    });
  },
  LIMIT_MS,
);
