/** Connections: faults in the catalogue's words, transactions that Postgres wants again, values unharmed. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Pool, Tx } from '../../store/pool.ts';
import {
  asAppError,
  BlindConnection,
  brokenConstraint,
  createPool,
  inTransaction,
  isConnectionFault,
  sqlState,
} from '../../store/pool.ts';
import { AppError } from '../../domain/errors.ts';
import type { CuttableProxy } from '../api/cuttable-proxy.ts';
import { cuttableProxy } from '../api/cuttable-proxy.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await db.owner.query('create table public.scratch (id int primary key, n bigint not null default 0)');
  await db.owner.query('grant all on public.scratch to yuanlu_app');
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.owner.query('truncate public.scratch');
  await db.owner.query('insert into public.scratch (id) values (1), (2)');
});

const UNAVAILABLE = { code: 'database_unavailable' };

async function sum(): Promise<bigint> {
  const { rows } = await db.owner.query<{ sum: bigint }>('select sum(n)::bigint as sum from public.scratch');
  return rows[0]?.sum ?? 0n;
}

const add = (tx: Tx, id: number) => tx.query('update public.scratch set n = n + 1 where id = $1', [id]);

describe('values', () => {
  test('I14 amounts of up to eighteen digits come back as they went in, as bigint', async () => {
    const amounts = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    await fc.assert(
      fc.asyncProperty(amounts, async (amount) => {
        const { rows } = await db.pool.query<{ n: unknown }>('select $1::bigint as n', [amount]);
        expect(rows).toEqual([{ n: amount }]);
      }),
      { numRuns: 40 },
    );
  });

  test('I21 dates come back as the text of the day, whatever zone the host is in', async () => {
    const { rows } = await db.pool.query(
      `select date '2026-11-24' as day, timestamptz '2026-11-24 08:00:00+08' as at`,
    );
    expect(rows).toEqual([{ day: '2026-11-24', at: new Date('2026-11-24T00:00:00Z') }]);
  });

  test('every connection works in the role of its pool and in our schema, also one that the URL would bend', async () => {
    const bent = new URL(db.url);
    bent.searchParams.append('options', '-c role=none -c search_path=public -c work_mem=1234kB');
    const pool = createPool({ url: bent.toString(), role: 'yuanlu_app', max: 1, name: 'test-bent' });
    const { rows } = await pool.query(
      `select current_user as who, current_schema as schema, current_setting('work_mem') as memory,
              current_setting('application_name') as name`,
    );
    expect(rows).toEqual([{ who: 'yuanlu_app', schema: 'yuanlu', memory: '1234kB', name: 'test-bent' }]);
    await pool.end();
  });
});

describe('a transaction', () => {
  test('keeps all of its work or none', async () => {
    const broken = inTransaction(db.pool, async (tx) => {
      await add(tx, 1);
      await tx.query('select 1/0');
    });
    await expect(broken).rejects.toMatchObject({ code: '22012' });
    expect(await sum()).toBe(0n);

    await inTransaction(db.pool, (tx) => add(tx, 1));
    expect(await sum()).toBe(1n);
  });

  test('that its own code ends leaves a connection that works on', async () => {
    const pool = createPool({ url: db.url, role: 'yuanlu_app', max: 1, name: 'test-one' });
    for (let round = 0; round < 3; round += 1) {
      await expect(inTransaction(pool, () => Promise.reject(new Error('ours')))).rejects.toThrow('ours');
    }
    expect((await pool.query<{ one: number }>('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(pool.totalCount).toBe(1);
    await pool.end();
  });

  test('F28 that Postgres ended as a deadlock is run again, and both come through', async () => {
    let runs = 0;
    const [first, second] = [gate(), gate()];
    const crossing = (mine: number, theirs: number, own: Gate, other: Gate) =>
      inTransaction(db.pool, async (tx) => {
        runs += 1;
        await add(tx, mine);
        own.open();
        await other.opened;
        await add(tx, theirs);
      });

    await Promise.all([crossing(1, 2, first, second), crossing(2, 1, second, first)]);

    // The one that is run again may cross the other once more before that one has woken: a run more then.
    expect(runs).toBeGreaterThanOrEqual(3);
    expect(await sum()).toBe(4n);
  });

  test('F28 that could not be put in line with others is run again', async () => {
    let runs = 0;
    const [first, second] = [gate(), gate()];
    const reading = (reads: number, writes: number, own: Gate, other: Gate) =>
      inTransaction(db.pool, async (tx) => {
        runs += 1;
        await tx.query('set transaction isolation level serializable');
        await tx.query('select n from public.scratch where id = $1', [reads]);
        own.open();
        await other.opened;
        await add(tx, writes);
      });

    await Promise.all([reading(1, 2, first, second), reading(2, 1, second, first)]);

    expect(runs).toBeGreaterThanOrEqual(3);
    expect(await sum()).toBe(2n);
  });

  test.each(['40001', '40P01'])(
    'F28 that ends with %s again and again is given up, visibly',
    async (code) => {
      let runs = 0;
      const always = inTransaction(db.pool, async (tx) => {
        runs += 1;
        await tx.query(`do $$ begin raise exception 'again' using errcode = '${code}'; end $$`);
      });
      await expect(always).rejects.toMatchObject({ code });
      expect(runs).toBe(5);
    },
  );

  test.each(['23505', '22012', '42P01', '57014'])('that ends with %s is not run again', async (code) => {
    let runs = 0;
    const once = inTransaction(db.pool, async (tx) => {
      runs += 1;
      await tx.query(`do $$ begin raise exception 'no' using errcode = '${code}'; end $$`);
    });
    await expect(once).rejects.toMatchObject({ code });
    expect(runs).toBe(1);
  });
});

interface Gate {
  open(): void;
  readonly opened: Promise<void>;
}

function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('F76 a server that goes away', () => {
  let proxy: CuttableProxy;
  let pool: Pool;
  beforeEach(async () => {
    proxy = await cuttableProxy(db.url);
    pool = createPool({ url: proxy.through(db.url), role: 'yuanlu_app', max: 3, name: 'test-cut' });
  });
  afterEach(async () => {
    await pool.end();
    await proxy.close();
  });

  test('is said in the words of the catalogue, and the pool works on when it is back', async () => {
    await pool.query('select 1');
    proxy.cut();
    await expect(pool.query('select 1')).rejects.toMatchObject(UNAVAILABLE);
    await expect(inTransaction(pool, (tx) => tx.query('select 1'))).rejects.toMatchObject(UNAVAILABLE);

    proxy.mend();

    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('in the middle of a transaction ends it without a trace', async () => {
    const cut = inTransaction(pool, async (tx) => {
      await add(tx, 1);
      proxy.cut();
      await add(tx, 2);
    });
    await expect(cut).rejects.toMatchObject(UNAVAILABLE);
    expect(await sum()).toBe(0n);
  });

  test('that says nothing in the middle of a transaction is waited for once, and not again to take the work back', async () => {
    const patient = createPool({
      ...{ url: proxy.through(db.url), role: 'yuanlu_app', max: 1, name: 'test-silent' },
      statementTimeoutMs: 1_000,
    });
    const asked: unknown[] = [];
    const silent = inTransaction(patient, async (tx) => {
      const plain = tx.query.bind(tx) as (...args: unknown[]) => unknown;
      Object.defineProperty(tx, 'query', {
        value: (...args: unknown[]) => {
          asked.push(args[0]);
          return plain(...args);
        },
      });
      proxy.hang();
      await tx.query('select 1');
    });

    await expect(silent).rejects.toMatchObject(UNAVAILABLE);

    expect(asked).toEqual(['select 1']);
    proxy.mend();
    expect((await patient.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await patient.end();
  });

  test('while idle connections wait does not end the process', async () => {
    await Promise.all([1, 2, 3].map(() => pool.query('select pg_sleep(0.05)')));
    expect(pool.idleCount).toBe(3);
    proxy.cut();
    await expect.poll(() => pool.totalCount).toBe(0);
    proxy.mend();
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('F77 after the commit and before its answer: the caller hears that it is not known, and the work is there', async () => {
    proxy.loseNextCommit();
    await expect(inTransaction(pool, (tx) => add(tx, 1))).rejects.toMatchObject(UNAVAILABLE);
    expect(await sum()).toBe(1n);
  });

  test.each(['query', 'transaction'])(
    'that an administrator ends during a %s is the same fault',
    async (how) => {
      const sleep = 'select pg_sleep(30)';
      const work = how === 'query' ? pool.query(sleep) : inTransaction(pool, (tx) => tx.query(sleep));
      const ended = expect(work).rejects.toMatchObject(UNAVAILABLE);
      await expect.poll(endSleepers, { timeout: 10_000 }).toBe(1);
      await ended;
      expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    },
  );
});

test('F76 I19 a connection that dies while its holder asks nothing of it says so at the next question, and ends no process', async () => {
  const pool = createPool({ url: db.url, role: 'yuanlu_app', max: 1, name: 'test-held' });
  const held = await pool.connect();
  const { rows } = await held.query<{ pid: number }>('select pg_backend_pid() as pid');
  const gone = new Promise((resolve) => held.once('end', resolve));

  await db.owner.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await gone;

  await expect(held.query('select 1')).rejects.toThrow('not queryable');
  held.release();
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

/** Ends every connection of this database that sleeps; how many there were. */
async function endSleepers(): Promise<number> {
  const { rowCount } = await db.owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and wait_event = 'PgSleep'`,
  );
  return rowCount ?? 0;
}

describe('F88 a pool under strain', () => {
  test('I19 a statement over its limit is ended, and its connection goes on', async () => {
    const pool = createPool({
      url: db.url,
      role: 'yuanlu_app',
      max: 1,
      name: 'test-slow',
      statementTimeoutMs: 1_000,
    });
    await expect(pool.query('select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' });
    await expect(inTransaction(pool, (tx) => tx.query('select pg_sleep(30)'))).rejects.toMatchObject({
      code: '57014',
    });
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  test('I19 a transaction that is left open is ended by the server, its locks with it', async () => {
    const forgotten = inTransaction(db.pool, async (tx) => {
      await tx.query(`set local idle_in_transaction_session_timeout = '100ms'`);
      await add(tx, 1);
      // Nothing more is heard of it; the row is free again once the server has had enough.
      await db.owner.query('update public.scratch set n = n + 10 where id = 1');
      await tx.query('select 1');
    });
    await expect(forgotten).rejects.toMatchObject(UNAVAILABLE);
    expect(await sum()).toBe(10n);
  });

  test('I19 is bounded for requests, and not for imports, which may take long', async () => {
    const limits = async (pool: Pool) => {
      const { rows } = await pool.query<{ statement: string; idle: string }>(
        `select current_setting('statement_timeout') as statement,
                current_setting('idle_in_transaction_session_timeout') as idle`,
      );
      return rows[0];
    };
    const requests = await limits(db.pool);
    expect(requests?.statement).not.toBe('0');
    expect(requests?.idle).not.toBe('0');
    expect(await limits(db.ingest)).toEqual({ statement: '0', idle: '0' });
  });

  test('I19 with every connection taken says so in the end, and works on when one comes back', async () => {
    const pool = createPool({ url: db.url, role: 'yuanlu_app', max: 1, name: 'test-full' });
    const held = await pool.connect();
    await expect(pool.query('select 1')).rejects.toMatchObject(UNAVAILABLE);
    held.release();
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });
});

describe('what an error is', () => {
  const network = (code: string): Error => Object.assign(new Error('x'), { code });

  test.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH'])(
    '%s of the network is a connection fault',
    (code) => {
      expect(isConnectionFault(network(code))).toBe(true);
      expect(asAppError(network(code))).toBeInstanceOf(AppError);
    },
  );

  test.each([network('ENOENT'), new Error('boom'), 'text', undefined, new AppError('amount_invalid', {})])(
    '%s is none, and stays as it is',
    (error) => {
      expect(isConnectionFault(error)).toBe(false);
      expect(asAppError(error)).toBe(error);
      expect(sqlState(error)).toBeNull();
      expect(brokenConstraint(error)).toBeNull();
    },
  );

  test.each(['08006', '57P01', '57P03', '53100', '53200', '53300'])(
    'SQLSTATE %s is a connection fault',
    async (code) => {
      const raised = db.pool.query(`do $$ begin raise exception 'x' using errcode = '${code}'; end $$`);
      await expect(raised).rejects.toMatchObject(UNAVAILABLE);
    },
  );

  test('a constraint that refuses is named', async () => {
    const error: unknown = await db.owner
      .query('insert into public.scratch (id) values (1)')
      .catch((refusal: unknown) => refusal);
    expect(brokenConstraint(error)).toBe('scratch_pkey');
    expect(sqlState(error)).toBe('23505');
  });
});

describe('statements are prepared once a connection', () => {
  const small = (max: number) => createPool({ url: db.url, role: 'yuanlu_app', max, name: 'test-prepared' });
  const widen = (to: string) => db.owner.query(`alter table public.scratch alter column n type ${to}`);

  test('whose name is the same for the same text, while texts without values are sent as they are', async () => {
    const pool = small(1);
    const one = 'select n from public.scratch where id = $1';
    for (const id of [1, 2, 1]) await pool.query(one, [id]);
    await pool.query('select count(*) from public.scratch');
    const { rows } = await pool.query('select statement from pg_prepared_statements');
    expect(rows).toEqual([{ statement: one }]);
    await pool.end();
  });

  test('and a migration that changes what they answer is noticed by nobody: alone, and in a transaction', async () => {
    const pool = small(4);
    const read = (by: Pool | Tx) =>
      by
        .query<{ n: unknown }>('select n from public.scratch where id = $1', [1])
        .then(({ rows }) => rows[0]?.n);
    const everywhere = () => Promise.all([1, 2, 3, 4].map(() => read(pool)));
    const together = () =>
      inTransaction(pool, async (tx) => {
        await add(tx, 2);
        return read(tx);
      });
    expect(await everywhere()).toEqual([0n, 0n, 0n, 0n]);
    await widen('int');
    expect(await everywhere()).toEqual([0, 0, 0, 0]);
    await widen('bigint');
    expect(await together()).toBe(0n);
    // Its work was done once, however often it had to begin again.
    expect(await sum()).toBe(1n);
    await pool.end();
  });
});

describe('a connection that sees a file and not its lines', () => {
  const pids = async (blind: (round: number) => boolean): Promise<readonly number[]> => {
    const pool = createPool({ url: db.url, role: 'yuanlu_app', max: 2, name: 'test-blind' });
    const seen: number[] = [];
    const worked = inTransaction(pool, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      seen.push(rows[0]?.pid ?? 0);
      if (blind(seen.length)) throw new BlindConnection('no line is seen');
    });
    await worked.catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'invariant_broken' });
      seen.push(0);
    });
    await pool.end();
    return seen;
  };

  test('is given up, and the work is done on another', async () => {
    const seen = await pids((round) => round === 1);

    expect(seen).toHaveLength(2);
    expect(new Set(seen).size).toBe(2);
    expect(seen).not.toContain(0);
  });

  test('is not tried for ever: where no other sees them, that is the answer', async () => {
    const seen = await pids(() => true);

    expect(seen.at(-1)).toBe(0);
    expect(seen.length).toBeLessThan(6);
  });
});
