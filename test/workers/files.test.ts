/** Which store a configuration means, and what the doctor says of a bucket. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBucket } from '../../cli/commands/doctor-checks.ts';
import { openFiles } from '../../workers/files.ts';
import { chunks, read } from '../store/file-stores.ts';
import type { S3Server } from '../support/s3-server.ts';
import { startS3Server } from '../support/s3-server.ts';

let server: S3Server;
let filesDir: string;
beforeAll(async () => {
  server = await startS3Server();
  filesDir = await mkdtemp(join(tmpdir(), 'yuanlu-files-'));
});
afterAll(async () => {
  await server.stop();
  await rm(filesDir, { recursive: true, force: true });
});

describe('statement files', () => {
  test('go to the bucket once one is named, and those of the directory stay readable', async () => {
    const before = await openFiles({ filesDir, filesS3: null });
    const { uri: old } = await before.put(chunks('of before'), { name: 'day' });
    const after = await openFiles({ filesDir, filesS3: server.place });
    const { uri: young } = await after.put(chunks('of after'), { name: 'day' });

    expect([old, young].map((uri) => uri.split(':')[0])).toEqual(['file', 's3']);
    expect((await read(after, old)).toString()).toBe('of before');
    expect((await read(after, young)).toString()).toBe('of after');
    expect(() => before.open(young)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        details: { errors: [`YUANLU_FILES_S3_BUCKET: is not set, and ${young} is in a bucket`] },
      }) as Error,
    );
    await after.clear('day');
    for (const uri of [old, young])
      await expect(read(after, uri)).rejects.toMatchObject({ code: 'file_missing' });
  });
});

describe('the doctor', () => {
  test('writes into the bucket and reads back, each time the same small file', async () => {
    expect(await checkBucket(server.place)).toBe('s3://statements can be written and read');
    expect(await checkBucket(server.place)).toBe('s3://statements can be written and read');

    const keys = await server.keys();
    expect(keys.filter((key) => key.includes('/doctor/'))).toHaveLength(1);
    expect(keys.filter((key) => key.includes('/spool/'))).toEqual([]);
  });

  test.each([
    ['refuses the keys', { credentials: { accessKeyId: 'x', secretAccessKey: 'y' } }, 'config_invalid'],
    ['is not there', { bucket: 'elsewhere' }, 'config_invalid'],
    ['has no server', { endpoint: 'http://127.0.0.1:1' }, 'file_store_unavailable'],
  ])('finds fault with a bucket that %s', async (_what, changed, code) => {
    await expect(checkBucket({ ...server.place, ...changed })).rejects.toMatchObject({ code });
  });
});
