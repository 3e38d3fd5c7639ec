/** `yuanlu statements import`: files that a person has, a day in several of them among those. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Deployment } from '../workers/deployment.ts';
import { openDeployment } from '../workers/deployment.ts';
import { serial, tradeBill } from './bill.ts';
import { start } from './spawned.ts';

/** Each command is a process of its own. */
vi.setConfig({ testTimeout: 180_000 });

const DAY = '2026-11-20';

let deployment: Deployment;
let folder: string;
/** By which the bills name the account. */
let merchantNo: string;
beforeAll(async () => {
  deployment = await openDeployment();
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-parts-'));
  const accounts = await readFile(deployment.env['YUANLU_ACCOUNTS_FILE'] ?? '', 'utf8');
  merchantNo = /"mchid": *"([0-9]+)"/.exec(accounts)?.[1] ?? '';
});
afterAll(async () => {
  await deployment.close();
  await rm(folder, { recursive: true, force: true });
});

async function imported(part: string, refundNo: string, nth: number): Promise<void> {
  const numbers = { channelRefundNo: serial('5030', nth), transactionId: serial('4200', nth) };
  const line = { ...numbers, refundNo, at: `${DAY} 12:00:00`, amount: 100 };
  const file = join(folder, `${refundNo}.csv`);
  await writeFile(file, tradeBill([line], { merchantNo }));
  const flags = ['--account', deployment.accountId, '--date', DAY, '--part', part];
  const ended = await start(['statements', 'import', file, ...flags], deployment.env).ended;
  expect(ended.code, ended.stderr).toBe(0);
}

test('the file of a person is kept as it is, like one that was fetched, also when it is refused', async () => {
  const text = tradeBill([], { merchantNo });
  const cut = text.slice(0, text.length - 20);
  const { env, accountId, database } = deployment;
  for (const [date, content] of [
    ['2026-11-18', text],
    ['2026-11-19', cut],
  ] as const) {
    const file = join(folder, `${date}.csv`);
    await writeFile(file, content);
    await start(['statements', 'import', file, '--account', accountId, '--date', date], env).ended;
  }

  const { rows } = await database.owner.query<{ status: string; uri: string }>(
    `select status, uri from statement_files where bill_date in ('2026-11-18', '2026-11-19') order by bill_date`,
  );
  expect(rows.map(({ status }) => status)).toEqual(['loaded', 'refused']);
  const kept = rows.map(({ uri }) => join(env['YUANLU_FILES_DIR'] ?? '', uri.replace(/^file:/, '')));
  expect(await Promise.all(kept.map((path) => readFile(path, 'utf8')))).toEqual([text, cut]);
});

test('F26 a file whose import was cut off before it was followed is matched and followed by the next import of it', async () => {
  const { owner } = deployment.database;
  const file = join(folder, 'cut-off.csv');
  await writeFile(file, tradeBill([], { merchantNo }));
  const importIt = async (): Promise<unknown> => {
    const flags = ['--account', deployment.accountId, '--date', '2026-11-17', '--json'];
    const { stdout } = await start(['statements', 'import', file, ...flags], deployment.env).ended;
    return JSON.parse(stdout);
  };
  const first = await importIt();
  await owner.query(
    `update statement_files set matched_at = null, followed_at = null where bill_date = '2026-11-17'`,
  );
  const again = await importIt();
  const { rows } = await owner.query<{ done: boolean }>(
    `select matched_at is not null and followed_at is not null as done from statement_files where bill_date = '2026-11-17'`,
  );
  const after = await importIt();

  expect(first).toMatchObject({ outcome: 'loaded' });
  expect(again).toMatchObject({ outcome: 'same', matched: { refundNo: 0 } });
  expect(rows).toEqual([{ done: true }]);
  expect(after).toMatchObject({ outcome: 'same', matched: null });
});

test('parts of a day are live together, and a new delivery takes the place of its own part only', async () => {
  await imported('east', 'R1', 1);
  await imported('west', 'R2', 2);
  await imported('west', 'R3', 3);

  const { rows } = await deployment.database.owner.query(
    `select f.part, f.revision, f.status, l.refund_no from statement_files f join statement_lines l on l.file_id = f.id
      
      where f.bill_date = '${DAY}' order by f.id`,
  );
  expect(rows).toEqual([
    { part: 'east', revision: 1, status: 'loaded', refund_no: 'R1' },
    { part: 'west', revision: 1, status: 'superseded', refund_no: 'R2' },
    { part: 'west', revision: 2, status: 'loaded', refund_no: 'R3' },
  ]);
});
