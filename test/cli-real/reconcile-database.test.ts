/** `--database`: a run works in a database of its own on that server, touches nothing else, and leaves nothing behind. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ownDatabase } from '../../cli/reconcile/own-database.ts';
import { sqlState } from '../../store/pool.ts';
import { openAccounts, pay, refundOf } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { required } from '../support/required.ts';
import { tradeBill } from './bill.ts';
import type { Desk, Said } from './reconcile-run.ts';
import { openDesk, refundList, yuanlu } from './reconcile-run.ts';
import { start, until } from './spawned.ts';

// Whole processes and long files, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let desk: Desk;
let admin: pg.Client;
let statement: string;
let list: string;
const roles: string[] = [];
const databases: string[] = [];

beforeAll(async () => {
  desk = await openDesk();
  admin = new pg.Client({ connectionString: required('YUANLU_TEST_DATABASE_URL') });
  await admin.connect();
  statement = await desk.put('bill.csv', tradeBill([{ refundNo: 'R1' }]));
  list = await desk.put('refunds.csv', refundList([{ refund_no: 'R1' }]));
});

afterEach(async () => {
  for (const name of databases.splice(0)) await admin.query(`drop database if exists ${name} with (force)`);
  for (const name of roles.splice(0)) await admin.query(`drop role if exists ${name}`);
});

afterAll(async () => {
  await admin.end();
  await desk.clear();
});

function reconcileOn(url: string, ...flags: readonly string[]): Promise<Said> {
  return yuanlu(...args(url, list), ...flags);
}

function args(url: string, refunds: string): readonly string[] {
  return [
    ...['reconcile', '--channel', 'wechat', '--statement', statement, '--refunds', refunds],
    ...['--database', url, '--json'],
  ];
}

/** A login of its own, and the address with which it comes in. */
async function login(
  rights: string,
  o: { readonly isMember?: boolean } = {},
): Promise<{ name: string; url: string }> {
  const name = `clerk_${randomBytes(6).toString('hex')}`;
  roles.push(name);
  await admin.query(`create role ${name} login password 'pass' ${rights}`);
  if (o.isMember === true) await admin.query(`grant yuanlu_app, yuanlu_ingest, yuanlu_report to ${name}`);
  const url = new URL(required('YUANLU_TEST_DATABASE_URL'));
  url.username = name;
  url.password = 'pass';
  return { name, url: url.toString() };
}

async function databasesOf(role: string): Promise<string[]> {
  const { rows } = await admin.query<{ datname: string }>(
    'select datname from pg_database where pg_get_userbyid(datdba) = $1',
    [role],
  );
  return rows.map(({ datname }) => datname);
}

describe('a server with the books of a shop on it', () => {
  let books: TestDatabase;

  beforeAll(async () => {
    books = await testDatabase();
    await openAccounts(books.pool);
    await refundOf(books.pool, 2_345n, await pay(books.pool, 10_000n));
  });

  afterAll(() => books.drop());

  /** Everything a run could have changed: definitions, rows, statements. */
  const contents = async (): Promise<unknown> => {
    const { rows } = await books.owner.query(
      `select (select jsonb_agg(r order by id) from yuanlu.refunds r) as refunds,
              (select jsonb_agg(a order by id) from yuanlu.channel_accounts a) as accounts,
              (select count(*) from yuanlu.statement_files) as files,
              pg_get_viewdef('yuanlu.refund_book'::regclass) as book,
              (select jsonb_agg(nspname order by nspname) from pg_namespace) as schemas,
              (select jsonb_agg(relname order by oid) from pg_class where relnamespace = 'yuanlu'::regnamespace) as relations`,
    );
    return rows;
  };

  test('is left exactly as it was, though the address points right at the books', async () => {
    const before = await contents();
    const said = await reconcileOn(books.url);

    expect(said.code).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ refunds: 1, matched: { refund_no: 1 } });
    expect(await contents()).toEqual(before);
  });
});

describe('the database of a run', () => {
  test('needs a login that may make databases and belongs to the roles of the house, no superuser', async () => {
    const clerk = await login('createdb', { isMember: true });
    const said = await reconcileOn(clerk.url);

    expect(said.stderr).not.toContain('unavailable');
    expect(said.code).toBe(0);
    expect(await databasesOf(clerk.name)).toEqual([]);
  });

  test('is gone though a session of the run is still in it, and no right of a superuser is used for that', async () => {
    const clerk = await login('createdb');
    const said: string[] = [];
    const own = await ownDatabase(clerk.url, (line) => said.push(line));
    const session = new pg.Client({ connectionString: own.url });
    const ended = new Promise<unknown>((resolve) => session.on('error', resolve));
    await session.connect();

    await own.remove();

    // Databases of other runs that begin right now may be named besides.
    expect(said.filter((line) => line.includes(new URL(own.url).pathname.slice(1)))).toEqual([]);
    expect(await databasesOf(clerk.name)).toEqual([]);
    expect(sqlState(await ended)).toBe('57P01');
  });

  test('is gone after a run that was refused', async () => {
    const clerk = await login('createdb', { isMember: true });
    const bad = await desk.put('bad.csv', 'nonsense');
    const said = await yuanlu(
      ...['reconcile', '--channel', 'wechat', '--statement', bad, '--refunds', list, '--database', clerk.url],
    );

    expect(said.code).toBe(2);
    expect(await databasesOf(clerk.name)).toEqual([]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is gone after %s, and the command ends as shells expect', async (signal, code) => {
    const clerk = await login('createdb', { isMember: true });
    const long = await desk.put('long.csv', longList());
    const { child, ended } = start(args(clerk.url, long));
    await until('the run has its database', async () => (await databasesOf(clerk.name)).length === 1);

    child.kill(signal);

    expect(await ended).toMatchObject({ code, stdout: '' });
    expect(await databasesOf(clerk.name)).toEqual([]);
  });

  test('that a killed run left behind is named by the next one, which does not touch it', async () => {
    const clerk = await login('createdb', { isMember: true });
    const long = await desk.put('long.csv', longList());
    const { child, ended } = start(args(clerk.url, long));
    await until('the run has its database', async () => (await databasesOf(clerk.name)).length === 1);
    child.kill('SIGKILL');
    await ended;
    const [left = ''] = await databasesOf(clerk.name);
    databases.push(left);
    await until('the server has noticed', async () => (await connectionsTo(left)) === 0);

    const said = await reconcileOn(clerk.url);

    expect(said.code).toBe(0);
    expect(said.stderr).toContain(
      `${left} was left behind by a run that was killed; remove it with: drop database ${left}`,
    );
    expect(await databasesOf(clerk.name)).toEqual([left]);
  });

  const connectionsTo = async (name: string): Promise<number> => {
    const { rows } = await admin.query<{ n: number }>(
      'select count(*)::int as n from pg_stat_activity where datname = $1',
      [name],
    );
    return rows[0]?.n ?? 0;
  };
});

describe('a server that is of no use ends the command with 3 and one reason', () => {
  test('because nobody listens there', async () => {
    const said = await reconcileOn('postgres://user:secret@127.0.0.1:9/db');

    expect(said.code).toBe(3);
    expect(said.stdout).toBe('');
    expect(said.stderr).toContain('database_unavailable');
    expect(said.stderr).toContain('ECONNREFUSED');
    expect(said.stderr).toContain('Check the address given with --database, or leave it out');
    expect(said.stderr).not.toContain('secret');
    expect(said.stderr).not.toContain('    at ');
  });

  test('because the password is wrong', async () => {
    const clerk = await login('createdb', { isMember: true });
    const said = await reconcileOn(clerk.url.replace(':pass@', ':wrong-secret@'));

    expect(said.code).toBe(3);
    expect(said.stderr).toContain(`password authentication failed for user "${clerk.name}"`);
    expect(said.stderr).not.toContain('wrong-secret');
  });

  test('because the database that the address names is not there', async () => {
    const url = new URL(required('YUANLU_TEST_DATABASE_URL'));
    url.pathname = '/no_such_database';
    const said = await reconcileOn(url.toString());

    expect(said.code).toBe(3);
    expect(said.stderr).toContain('database "no_such_database" does not exist');
  });

  test('because the user may not make a database', async () => {
    const clerk = await login('nocreatedb');
    const said = await reconcileOn(clerk.url);

    expect(said.code).toBe(3);
    expect(said.stderr).toContain(
      'the user may not make what is needed there: permission denied to create database',
    );
  });

  test('because the user does not belong to the roles of the house, and its database is removed again', async () => {
    const clerk = await login('createdb');
    const said = await reconcileOn(clerk.url);

    expect(said.code).toBe(3);
    expect(said.stderr).toContain('the user may not make what is needed there');
    expect(await databasesOf(clerk.name)).toEqual([]);
  });

  test('and a list that cannot be read is said before any server is asked', async () => {
    const bad = await desk.put('bad-list.csv', 'refund_no\nR1\n');
    const said = await yuanlu(...args('postgres://user@127.0.0.1:9/db', bad));

    expect(said.code).toBe(2);
    expect(said.stderr).toContain('refund_list_invalid');
  });
});

/** Takes seconds to read: time enough to stop a run in the middle. */
function longList(): string {
  const [header = ''] = refundList([]).split('\n');
  const row = (index: number): string => `R${String(index)},wechat,100,CNY,2026-11-20T10:00:00+08:00,,,,,`;
  return `${header}\n${Array.from({ length: 600_000 }, (_, index) => row(index)).join('\n')}\n`;
}
