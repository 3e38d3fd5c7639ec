/** Months of the books: what stands in the way of an archive, what is in one, and what is found when it is not any more. */
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test, vi } from 'vitest';
import { archiveMonth } from '../../cli/months/archive.ts';
import { verifyArchive } from '../../cli/months/manifest.ts';
import { verifyDayFile } from '../../closing/day-file.ts';
import { monthObstacleTexts } from '../../domain/close/month.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { syncAccounts } from '../../store/accounts.ts';
import { archiveOfDay, keepMonthArchive, listMonths, monthObstacles } from '../../store/close/months.ts';
import { directoryFileStore } from '../../store/directory-file-store.ts';
import type { FileStore } from '../../store/file-store.ts';
import { observe } from '../../store/observations.ts';
import { ACCOUNT, MERCHANT, openAccounts, said } from '../store/books.ts';
import { bring, lineOf, taken } from '../statements/bills.ts';
import { chunksOf, plainStatement } from '../statements/plain-statement.ts';
import type { PlainLine } from '../statements/plain-statement.ts';
import { DAY_KEYS, closedByTwo, reopenedByTwo } from '../support/closed-day.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import type { Deployment } from '../workers/deployment.ts';
import { openDeployment } from '../workers/deployment.ts';
import type { Ended } from './spawned.ts';
import { start } from './spawned.ts';

/** Each command is a process of its own. */
vi.setConfig({ testTimeout: 300_000 });

const MONTH = '2026-11';
const [FIRST, LAST, NEXT] = ['2026-11-29', '2026-11-30', '2026-12-01'] as const;
/** When its days can be closed. */
const NOW = new Date('2026-12-20T10:00:00+08:00');
const OF = { accountId: ACCOUNT, month: MONTH };
const day = (billDate: string) => ({ merchantId: MERCHANT, accountId: ACCOUNT, billDate });

let db: TestDatabase;
let folder: string;
let files: FileStore;
let refund: Refund;
let nth = 0;

/** Each test has books of its own: two days of November, the first of which shows a refund, and one of December. */
beforeEach(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-months-'));
  files = directoryFileStore(join(folder, 'files'), () => `t${String((nth += 1))}`);
  refund = await taken(db, 234n);
  await deliver(FIRST, [lineOf(refund, { at: `${FIRST} 12:00:00` })]);
  await deliver(LAST, []);
  await deliver(NEXT, []);
});
afterEach(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Into the file store and the books, as a delivery comes. */
async function deliver(billDate: string, lines: readonly PlainLine[]): Promise<void> {
  const name = `${ACCOUNT}/trade/${billDate}`;
  const { uri } = await files.put(chunksOf(plainStatement(lines)), { name });
  await bring(db, { billDate, lines }, { now: NOW, uri });
}

const obstacles = async (): Promise<readonly string[]> =>
  monthObstacleTexts(await monthObstacles(db.pool, OF));

async function closeAll(): Promise<void> {
  await observe(db.pool, refund.id, [said('success', 9)]);
  for (const billDate of [FIRST, LAST]) await closedByTwo(db.pool, day(billDate), { now: NOW });
}

const archive = (place: string): ReturnType<typeof archiveMonth> =>
  archiveMonth({ pool: db.pool, files, onProgress: () => undefined }, OF, place, NOW);

describe('a month is kept from being archived', () => {
  test('by days that are not closed, open breaks, and refunds of its lines without a final word', async () => {
    await deliver(LAST, [{ at: `${LAST} 12:00:00`, refundNo: 'X', amount: 7 }]);
    const open = await obstacles();
    expect(open).toEqual([
      `${FIRST} is not closed`,
      `${LAST} is not closed`,
      expect.stringMatching(/^break [0-9]+, missing_in_books, of 2026-11-30 is open$/),
      `refund ${refund.refundNo}, of which a line is there, is processing`,
    ]);

    await deliver(LAST, []);
    await closeAll();
    expect(await obstacles()).toEqual([]);
  });

  test('by a day that was reopened, and by one of which something has changed', async () => {
    await closeAll();
    await reopenedByTwo(db.pool, day(FIRST), NOW);
    await deliver(LAST, [{ at: `${LAST} 12:00:00`, type: 'payment', amount: 5 }]);

    expect(await obstacles()).toEqual([
      `${FIRST} is not closed`,
      `${LAST} has changed since it was closed: close it again, or have it reopened`,
    ]);
  });
});

describe('an archive', () => {
  test('has each closed day, genuine, and each statement as it came; the books say where it is', async () => {
    await closeAll();
    const place = join(folder, 'archive');

    const { manifest, manifestSha256, bytes } = await archive(place);

    expect(manifest.closings.map(({ bill_date: of }) => of)).toEqual([FIRST, LAST]);
    for (const { file } of manifest.closings) {
      const unpacked = createReadStream(join(place, file)).pipe(createGunzip());
      expect(await verifyDayFile(unpacked, DAY_KEYS.verification)).toMatchObject({ verdict: 'genuine' });
    }
    const [first] = manifest.statements;
    expect(manifest.statements.map(({ bill_date: of, lines }) => [of, lines])).toEqual([
      [FIRST, 1],
      [LAST, 0],
    ]);
    const delivered = await readFile(join(place, first?.packed?.file ?? ''), 'utf8');
    expect(delivered).toBe(plainStatement([lineOf(refund, { at: `${FIRST} 12:00:00` })]));
    expect(await verifyArchive(place)).toMatchObject({ intact: true, files: 4, manifestSha256, wrong: [] });

    const kept = { place, manifestSha256, archivedAt: NOW, archivedBy: 'mei' };
    await keepMonthArchive(db.pool, { ...OF, ...kept, statements: 2, closings: 2, bytes });
    expect(await archiveOfDay(db.pool, day(LAST))).toEqual(kept);
    expect(await archiveOfDay(db.pool, day(NEXT))).toBeNull();
    expect(await listMonths(db.pool, ACCOUNT)).toMatchObject([
      { month: '2026-12', closedDays: 0, days: 1, archive: null },
      { month: MONTH, statements: 2, lines: 1n, closedDays: 2, days: 2, archive: kept },
    ]);
  });

  test('of which a file was changed or is gone is not intact, and says which', async () => {
    await closeAll();
    const place = join(folder, 'archive');
    const { manifest } = await archive(place);
    const [changed, gone] = [manifest.closings[0]?.file ?? '', manifest.statements[1]?.packed?.file ?? ''];
    const bytes = await readFile(join(place, changed));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(join(place, changed), bytes);
    await rm(join(place, gone));

    const { intact, wrong } = await verifyArchive(place);

    expect(intact).toBe(false);
    expect(wrong).toEqual([
      `${changed}: it is not the file that was archived`,
      expect.stringContaining(`${gone}: there is no such file`),
    ]);
  });

  test('that cannot be written whole is not there at all, and one that is there is not written over', async () => {
    await closeAll();
    const place = join(folder, 'archive');
    await rm(join(folder, 'files'), { recursive: true });
    await expect(archive(place)).rejects.toMatchObject({ code: 'file_missing' });
    expect(await readdir(folder)).toEqual([]);

    await writeFile(place, 'something else');
    await expect(archive(place)).rejects.toMatchObject({ code: 'path_unusable' });
    expect(await readFile(place, 'utf8')).toBe('something else');
  });

  test('of a day whose lines are not those that were closed is refused', async () => {
    await closeAll();
    await db.owner.query('update statement_lines set amount_minor = amount_minor + 1 where bill_date = $1', [
      FIRST,
    ]);

    await expect(archive(join(folder, 'archive'))).rejects.toMatchObject({ code: 'day_differs' });
  });
});

describe('the command', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await openDeployment();
  });
  afterAll(() => deployment.close());

  const months = (...args: readonly string[]): Promise<Ended> =>
    start(['months', ...args], deployment.env).ended;

  test('says what stands in the way, archives, lists and verifies, and `statements show` names the archive', async () => {
    const { accountId, database } = deployment;
    const of = { merchantId: 'demo-shop', accountId };
    await syncAccounts(database.pool, [
      { id: accountId, merchantId: of.merchantId, channel: 'wechat', externalId: '1900000109' },
    ]);
    const ids: string[] = [];
    for (const billDate of [FIRST, LAST, NEXT])
      ids.push((await bring(database, { billDate }, { accountId, now: NOW })).fileId);
    const flags = ['--account', accountId, '--to', folder];

    const refused = await months('archive', MONTH, ...flags);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`${LAST} is not closed`);

    for (const billDate of [FIRST, LAST]) await closedByTwo(database.pool, { ...of, billDate }, { now: NOW });
    const planned = await months('archive', MONTH, ...flags, '--dry-run');
    expect(planned.stdout, planned.stderr).toContain('2 closed days, 2 statements. Nothing was written.');
    const place = join(folder, `${accountId}-${MONTH}`);
    const written = await months('archive', MONTH, ...flags, '--json');
    expect(written.code, written.stderr).toBe(0);
    expect(JSON.parse(written.stdout)).toMatchObject({ place, days: 2, statements: 2 });

    expect((await months('list')).stdout).toMatch(new RegExp(`${accountId} +${MONTH} .*2 of 2 .*${place}`));
    const shown = await start(['statements', 'show', ids[0] ?? ''], deployment.env).ended;
    expect(shown.stdout).toContain(`at ${place}, manifest `);

    await rm(join(place, 'days'), { recursive: true });
    expect((await months('verify', place)).code).toBe(1);
  });
});
