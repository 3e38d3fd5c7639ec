/** The command as a newcomer runs it: no services, no settings, an embedded Postgres that is gone afterwards. */
import { chmod, readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { gzipped, tradeBill } from './bill.ts';
import type { Desk } from './reconcile-run.ts';
import { csvRows, openDesk, refundList } from './reconcile-run.ts';
import { start, until } from './spawned.ts';

// Whole processes and long files, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let desk: Desk;
/** Where the run puts its Postgres. */
let scratch: Desk;

beforeAll(async () => {
  [desk, scratch] = await Promise.all([openDesk(), openDesk()]);
  // As root, Postgres runs as another user, who must be able to enter.
  await chmod(scratch.folder, 0o755);
});

afterAll(async () => {
  await Promise.all([desk.clear(), scratch.clear()]);
});

/** Folders that runs have made and not removed. */
async function leftBehind(): Promise<string[]> {
  return (await readdir(scratch.folder)).filter((name) => name.startsWith('yuanlu-'));
}

async function inputs(): Promise<readonly string[]> {
  const statement = await desk.put('bill', gzipped(tradeBill([{ refundNo: 'R1' }, { refundNo: 'R2' }])));
  const list = await desk.put('refunds.csv', refundList([{ refund_no: 'R1' }, { refund_no: 'R3' }]));
  return ['reconcile', '--channel', 'wechat', '--statement', statement, '--refunds', list];
}

describe('yuanlu reconcile on a bare machine', () => {
  test('reads, matches, writes, and leaves nothing of its Postgres behind', async () => {
    const args = [
      ...(await inputs()),
      '--as-of',
      '2026-12-31',
      '--out',
      desk.path('out'),
      '--fail-on-breaks',
    ];
    const run = await start([...args, '--json'], { TMPDIR: scratch.folder }).ended;

    expect(run.stderr).not.toContain('    at ');
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({
      matched: { refund_no: 1 },
      breaks: { missing_at_channel: 1, missing_in_books: 1 },
    });
    expect((await csvRows(desk.path('out/breaks.csv'))).map((row) => row['refund_no'])).toEqual(['R3', 'R2']);
    expect(JSON.parse(await readFile(desk.path('out/summary.json'), 'utf8'))).toEqual(JSON.parse(run.stdout));
    expect(await leftBehind()).toEqual([]);
  });

  test('does the same for two at once: each has a Postgres of its own', async () => {
    const args = await inputs();
    const runs = await Promise.all([1, 2].map(() => start(args, { TMPDIR: scratch.folder }).ended));

    for (const run of runs) {
      expect(run.code).toBe(0);
      expect(run.stdout).toContain('missing_in_books');
    }
    expect(await leftBehind()).toEqual([]);
  });

  test('stopped with Ctrl-C ends its Postgres and removes it', async () => {
    const [header = ''] = refundList([]).split('\n');
    const rows = Array.from(
      { length: 600_000 },
      (_, index) => `R${String(index)},wechat,1,CNY,2026-11-20T10:00:00+08:00,,,,,`,
    );
    const list = await desk.put('long.csv', [header, ...rows, ''].join('\n'));
    const statement = await desk.put('bill.csv', tradeBill([{ refundNo: 'R1' }]));
    const args = ['reconcile', '--channel', 'wechat', '--statement', statement, '--refunds', list];
    const { child, ended } = start(args, { TMPDIR: scratch.folder });
    const notes = async (): Promise<string[]> => {
      const [folder] = await leftBehind();
      return folder === undefined ? [] : readdir(`${scratch.folder}/${folder}/run`).catch(() => []);
    };
    await until('its Postgres runs', async () => (await notes()).some((name) => name.includes('postgres')));

    child.kill('SIGINT');
    const { code } = await ended;

    expect(code).toBe(130);
    await until('nothing of it is left', async () => (await leftBehind()).length === 0);
  });
});
