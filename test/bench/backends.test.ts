/** P7: whose memory is counted, and whose is not. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { memoryIn, watchBackends } from '../../bench/backends.ts';
import { required } from '../support/required.ts';

const mapping = (rights: string, name: string, o: { clean: number; dirty: number; pss: number }): string =>
  [
    `7f0000000000-7f0000021000 ${rights} 00000000 00:01 12 ${name}`,
    'Rss:                 999 kB',
    `Pss:                 ${String(o.pss)} kB`,
    `Pss_Dirty:           ${String(o.pss)} kB`,
    `Private_Clean:       ${String(o.clean)} kB`,
    `Private_Dirty:       ${String(o.dirty)} kB`,
    'VmFlags: rd wr mr mw me ac sd',
  ].join('\n');

describe('the memory of a backend', () => {
  test('is what it has alone; the buffers of the server are not, also those that nobody else has touched', () => {
    const smaps = [
      mapping('rw-p', '[heap]', { clean: 1, dirty: 20, pss: 21 }),
      mapping('r-xp', '/usr/lib/postgres', { clean: 3, dirty: 0, pss: 400 }),
      mapping('rw-s', '/dev/zero (deleted)', { clean: 0, dirty: 5_000, pss: 9_000 }),
      mapping('rw-s', '/dev/shm/PostgreSQL.12', { clean: 0, dirty: 0, pss: 60 }),
    ].join('\n');

    expect(memoryIn(smaps)).toEqual({ privateKb: 24, parallelKb: 60 });
  });

  test('of a real server is seen to grow by what a query holds, where the system tells', async () => {
    const client = new pg.Client({ connectionString: required('YUANLU_TEST_DATABASE_URL') });
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await client.query(`set work_mem = '256MB'; set max_parallel_workers_per_gather = 0`);

    const { memory } = await watchBackends(await parentOf(rows[0]?.pid ?? 0), () =>
      client.query(`select count(*) from (select n, pg_sleep(case when n = 1 then 1 else 0 end)
                      from (select n from generate_series(1, 400000) n order by -n) sorted) slept`),
    );
    await client.end();

    if (process.platform === 'linux')
      expect(memory).toMatchObject({ privateMb: expect.any(Number) as number });
    if (typeof memory === 'string') expect(memory).toContain('cannot be read here');
    else expect(memory.privateMb).toBeGreaterThan(10);
  });
});

/** Where the system has no such files, any process will do. */
async function parentOf(pid: number): Promise<number> {
  if (process.platform !== 'linux') return pid;
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^PPid:\s+([0-9]+)$/m.exec(status)?.[1]);
}

test('where there is no server of ours, the figure comes with the reason why it is not there', async () => {
  const { result, memory } = await watchBackends(null, () => Promise.resolve(7));

  expect(result).toBe(7);
  expect(memory).toBe('no Postgres of our own');
});
