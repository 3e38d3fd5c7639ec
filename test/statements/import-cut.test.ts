/** F57 F77 F84 I9 I19: an import that is cut anywhere leaves nothing, and the next one is as if nothing had been. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPool } from '../../store/pool.ts';
import { importStatement } from '../../store/statements.ts';
import { cuttableProxy } from '../api/cuttable-proxy.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { openAccounts } from '../store/books.ts';
import { DAY, importOptions, importPlain, leftBehind, manyLines } from './bills.ts';
import { KILLED_DAY, importUpTo, killedText } from './killed-import.ts';
import { chunksOf, plainStatement } from './plain-statement.ts';
import { watchedPool } from './watched-pool.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
  // The tables of the account and month are there: what a cut import leaves is only its own.
  await importPlain(db, { billDate: '2026-11-01' });
  await importPlain(db, { billDate: '2026-08-02' });
});
afterAll(() => db.drop());

const TEXT = plainStatement(manyLines(400));

/** Connections that are in a COPY, or hold a transaction open. */
async function busy(): Promise<{ pid: number }[]> {
  const { rows } = await db.owner.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and (state = 'idle in transaction' or state = 'active' or query like 'copy %' and state <> 'idle')`,
  );
  return rows;
}

/** The file up to `percent`, then `then`, then the rest. */
async function* interrupted(percent: number, then: () => Promise<void>): AsyncGenerator<Buffer> {
  const at = (TEXT.length * percent) / 100;
  yield* chunksOf(TEXT.slice(0, at), 200);
  await then();
  yield* chunksOf(TEXT.slice(at), 200);
}

async function nothingLeft(before: Record<string, number>): Promise<void> {
  await expect.poll(busy, { timeout: 10_000 }).toEqual([]);
  expect(await leftBehind(db)).toEqual(before);
}

describe('F57 an import whose connection is ended in the middle of its COPY', () => {
  test.each([10, 50, 99])('at %i % leaves nothing, and says that the database is away', async (percent) => {
    const before = await leftBehind(db);
    const source = interrupted(percent, async () => {
      await expect
        .poll(async () => {
          const { rowCount } = await db.owner.query(
            `select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and query like 'copy yuanlu.statement_lines%' and state = 'active'`,
          );
          return rowCount;
        })
        .toBe(1);
    });

    await expect(importPlain(db, {}, { source })).rejects.toMatchObject({ code: 'database_unavailable' });

    await nothingLeft(before);
  });
});

describe('F57 an import whose process is killed', () => {
  test.each([10, 99])(
    'at %i % leaves nothing, no lock and no connection; the next one loads the file',
    async (percent) => {
      const before = await leftBehind(db);
      const child = await importUpTo(db.url, percent);
      expect((await busy()).length).toBe(1);

      child.kill('SIGKILL');
      await once(child, 'exit');

      await nothingLeft(before);
    },
  );

  test('is done again as if nothing had been', async () => {
    const result = await importPlain(db, { billDate: KILLED_DAY, text: killedText() });
    expect(result).toMatchObject({ outcome: 'loaded', revision: 1, summary: { lines: 400 } });
  });
});

describe('F84 an import for which the database has no room left', () => {
  /** Every table of lines that is made from now on is full after so many lines. */
  async function full(after: number): Promise<void> {
    await db.owner.query(`
      alter function yuanlu.open_line_table rename to open_line_table_with_room;
      create function yuanlu.no_room() returns trigger language plpgsql as $$
        begin
          if new.line_no > ${String(after)} then raise exception 'could not extend file' using errcode = '53100'; end if;
          return new;
        end $$;
      create function yuanlu.open_line_table(file_id bigint, account_id text, bill_date date) returns text
      language plpgsql security definer as $$
        declare leaf text := yuanlu.open_line_table_with_room(file_id, account_id, bill_date);
        begin
          execute format('create trigger no_room before insert on yuanlu.%I for each row execute function yuanlu.no_room()', leaf);
          return leaf;
        end $$`);
  }

  async function roomAgain(): Promise<void> {
    await db.owner.query(`
      drop function yuanlu.open_line_table;
      drop function yuanlu.no_room cascade;
      alter function yuanlu.open_line_table_with_room rename to open_line_table`);
  }

  test('leaves nothing, says why it is to be tried again, and is done as soon as there is room', async () => {
    const before = await leftBehind(db);
    await full(300);
    const cut = importPlain(db, { billDate: '2026-11-02' }, { source: chunksOf(TEXT) });
    await expect(cut).rejects.toMatchObject({
      code: 'database_unavailable',
      details: { why: 'its disk is full' },
    });
    await nothingLeft(before);

    await roomAgain();
    const loaded = await importPlain(db, {}, { source: chunksOf(TEXT) });
    expect(loaded).toMatchObject({ outcome: 'loaded', summary: { lines: 400 } });
    await db.owner.query('delete from yuanlu.statement_files where id = $1', [loaded.fileId]);
    await db.owner.query(`drop table yuanlu.statement_lines_f${loaded.fileId}`);
  });
});

describe('an import that is called off', () => {
  test('while its source stalls ends at once, closes the source and leaves nothing', async () => {
    const before = await leftBehind(db);
    const stop = new AbortController();
    let closed = false;
    const stalled = {
      [Symbol.asyncIterator]: () => {
        const head = chunksOf(TEXT.slice(0, 5_000), 200);
        return {
          next: async (): Promise<IteratorResult<Buffer>> => {
            const next = await head.next();
            if (next.done !== true) return next;
            stop.abort(new Error('called off'));
            return new Promise(() => undefined);
          },
          return: async (): Promise<IteratorResult<Buffer>> => {
            closed = true;
            return Promise.resolve({ done: true, value: undefined });
          },
        };
      },
    };

    await expect(importPlain(db, {}, { source: stalled, signal: stop.signal })).rejects.toThrow('called off');

    expect(closed).toBe(true);
    await nothingLeft(before);
  });

  test('before it began reads nothing', async () => {
    const before = await leftBehind(db);
    let read = 0;
    async function* counting(): AsyncGenerator<Buffer> {
      for await (const chunk of chunksOf(TEXT, 100)) {
        read += 1;
        yield chunk;
      }
    }
    const signal = AbortSignal.abort(new Error('called off'));
    await expect(importPlain(db, {}, { source: counting(), signal })).rejects.toThrow('called off');
    expect(read).toBeLessThanOrEqual(1);
    await nothingLeft(before);
  });

  test('with a reason that is no error ends all the same', async () => {
    const signal = AbortSignal.abort('enough');
    await expect(importPlain(db, {}, { source: chunksOf(TEXT), signal })).rejects.toThrow('aborted');
  });

  test('after its end is of no consequence', async () => {
    const stop = new AbortController();
    const result = await importPlain(
      db,
      { billDate: '2026-11-02', lines: manyLines(3, '2026-11-02') },
      { signal: stop.signal },
    );
    stop.abort();
    expect(result).toMatchObject({ outcome: 'loaded' });
  });
});

describe('a source that fails', () => {
  test.each([0, 10, 50, 100])(
    'at %i % of the file leaves nothing and is not taken for the file’s fault',
    async (percent) => {
      const before = await leftBehind(db);
      const source = interrupted(percent, () => Promise.reject(new Error('cable cut')));
      await expect(importPlain(db, {}, { source })).rejects.toThrow('cable cut');
      await nothingLeft(before);
    },
  );
});

describe('a statement of the import that fails', () => {
  test('wherever it is, leaves nothing, and the connection is not used again', async () => {
    const { pool, sent, failAt } = watchedPool(db.url, 'yuanlu_ingest');
    const options = () => importOptions({}, { source: chunksOf(TEXT), expectHash: null });
    const before = await leftBehind(db);

    let at = 0;
    for (; at < 40; at += 1) {
      failAt(at);
      const failed = await importStatement(pool, options()).then(
        () => false,
        () => true,
      );
      if (!failed) break;
      await nothingLeft(before);
    }

    // Every statement of a whole import was made to fail once; the first that had none left to fail went through.
    failAt(Number.POSITIVE_INFINITY);
    sent();
    expect(at).toBeGreaterThan(8);
    expect(await importStatement(pool, options())).toMatchObject({ outcome: 'same', revision: 1 });
    await pool.end();
  });
});

test('F76 a server that is away before it starts is said in the words of the catalogue', async () => {
  const proxy = await cuttableProxy(db.url);
  const pool = createPool({ url: proxy.through(db.url), role: 'yuanlu_ingest', max: 1, name: 'test-cut' });
  proxy.cut();
  await expect(importStatement(pool, importOptions({ text: TEXT }))).rejects.toMatchObject({
    code: 'database_unavailable',
  });
  await pool.end();
  await proxy.close();
});

test('F77 a server that goes away in the middle takes nothing half loaded with it', async () => {
  const proxy = await cuttableProxy(db.url);
  const pool = createPool({ url: proxy.through(db.url), role: 'yuanlu_ingest', max: 1, name: 'test-cut' });
  const before = await leftBehind(db);
  const source = interrupted(60, async () => {
    proxy.cut();
    return Promise.resolve();
  });
  await expect(importStatement(pool, importOptions({ billDate: DAY }, { source }))).rejects.toMatchObject({
    code: 'database_unavailable',
  });
  await nothingLeft(before);
  await pool.end();
  await proxy.close();
});
