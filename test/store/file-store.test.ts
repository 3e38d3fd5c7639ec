/** The directory of files: bytes as they came, names that are ours, nothing half done. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileStore } from '../../store/file-store.ts';
import { directoryFileStore } from '../../store/file-store.ts';
import { fingerprint } from '../../store/fingerprint.ts';

let folder: string;
let files: FileStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-files-'));
  let names = 0;
  files = directoryFileStore(join(folder, 'root'), () => {
    names += 1;
    return `temporary-${String(names)}`;
  });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function* chunks(...parts: (Buffer | string)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    await Promise.resolve();
    yield Buffer.from(part);
  }
}

async function read(uri: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of files.open(uri)) parts.push(part);
  return Buffer.concat(parts);
}

/** Every file below the folder, by its path. */
async function everything(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

describe('a file', () => {
  test('comes out as it went in, however it was cut, and is called by its hash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), async (parts) => {
        const whole = Buffer.concat(parts);
        const stored = await files.put(chunks(...parts.map((part) => Buffer.from(part))), { name: 'a/b' });
        expect(stored).toEqual({
          uri: `file:a/b/${sha256(whole)}`,
          bytes: whole.length,
          sha256: sha256(whole),
        });
        expect(await read(stored.uri)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test('F45 put twice is kept once, also at the same instant', async () => {
    const ends = await Promise.all([1, 2, 3].map(() => files.put(chunks('same', 'bytes'), { name: 'day' })));
    expect(new Set(ends.map(({ uri }) => uri)).size).toBe(1);
    expect(await everything()).toHaveLength(1);
    expect((await read(ends[0]?.uri ?? '')).toString()).toBe('samebytes');
  });

  test('F46 with other bytes under the same name is kept beside the first', async () => {
    const first = await files.put(chunks('first'), { name: 'day' });
    const second = await files.put(chunks('second'), { name: 'day' });
    expect(second.uri).not.toBe(first.uri);
    expect((await read(first.uri)).toString()).toBe('first');
    expect((await read(second.uri)).toString()).toBe('second');
  });

  test('is nobody else’s to read on this machine', async () => {
    await files.put(chunks('secret'), { name: 'day' });
    const [path = ''] = await everything();
    expect((await stat(path)).mode & 0o077).toBe(0);
  });

  test('tells how far it is while it comes in', async () => {
    const told: number[] = [];
    await files.put(chunks('1234', '56', '789'), { name: 'day', onProgress: (bytes) => told.push(bytes) });
    expect(told).toEqual([4, 6, 9]);
  });

  test('of a stream with megabytes in it is read in pieces', async () => {
    const big = Buffer.alloc(3_500_000, 'x');
    const { uri } = await files.put(chunks(big), { name: 'day' });
    const sizes: number[] = [];
    for await (const part of files.open(uri)) sizes.push(part.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(big.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1 << 20);
  });
});

describe('I19 a source that fails', () => {
  test('leaves neither the file nor the spool', async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield Buffer.from('half');
      await Promise.resolve();
      throw new Error('connection reset');
    }
    await expect(files.put(failing(), { name: 'day' })).rejects.toThrow('connection reset');
    expect(await everything()).toEqual([]);
  });

  test('F55 that never ends is stopped at the cap, closed, and leaves nothing; a file of just the cap is kept', async () => {
    const small = directoryFileStore(join(folder, 'root'), () => 't', 100);
    let closed = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          await Promise.resolve();
          yield Buffer.alloc(30);
        }
      } finally {
        closed = true;
      }
    }

    await expect(small.put(endless(), { name: 'day' })).rejects.toMatchObject({
      code: 'statement_too_large',
    });

    expect(closed).toBe(true);
    expect(await everything()).toEqual([]);
    expect(await small.put(chunks(Buffer.alloc(100)), { name: 'day' })).toMatchObject({ bytes: 100 });
    await expect(small.put(chunks(Buffer.alloc(101)), { name: 'day' })).rejects.toMatchObject({
      code: 'statement_too_large',
    });
  });

  test('does not harm what is there under the same name', async () => {
    const { uri } = await files.put(chunks('whole'), { name: 'day' });
    const progress = (): void => {
      throw new Error('cancelled');
    };
    await expect(files.put(chunks('whole'), { name: 'day', onProgress: progress })).rejects.toThrow(
      'cancelled',
    );
    expect((await read(uri)).toString()).toBe('whole');
    expect(await everything()).toHaveLength(1);
  });

  test('a spool is never taken over: a temporary name that is in use is refused', async () => {
    const same = directoryFileStore(join(folder, 'root'), () => 'always-the-same');
    await mkdir(join(folder, 'root', 'day'), { recursive: true });
    await writeFile(join(folder, 'root', 'day', '.spool-always-the-same'), 'somebody is writing here');
    await expect(same.put(chunks('x'), { name: 'day' })).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

describe('F54 names', () => {
  test.each([
    '../../outside',
    '/etc/cron.d/x',
    '..',
    'a/../../../b',
    'nul\0byte',
    '店铺/对账单',
    'a\\..\\..\\b',
    '.hidden',
    'x'.repeat(5000),
  ])('that lead elsewhere lead nowhere: %j', async (name) => {
    const { uri } = await files.put(chunks('inside'), { name });
    const [path = '', ...others] = await everything();
    expect(others).toEqual([]);
    expect(path.startsWith(join(folder, 'root'))).toBe(true);
    expect((await read(uri)).toString()).toBe('inside');
  });

  test.each([
    'file:../outside',
    'file:/etc/passwd',
    'file:a/../../outside',
    'http://127.0.0.1/',
    'file:',
    '',
    'outside',
  ])('of other places are not opened: %j', async (uri) => {
    await writeFile(join(folder, 'outside'), 'secret');
    expect(() => files.open(uri)).toThrow(expect.objectContaining({ code: 'statement_unknown' }) as Error);
  });

  test('of a file that is gone say that it is gone', async () => {
    await expect(read(`file:day/${sha256('x')}`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('of a store that lies behind a link are the store’s own', async () => {
    await mkdir(join(folder, 'real'));
    await symlink(join(folder, 'real'), join(folder, 'link'));
    const linked = directoryFileStore(join(folder, 'link'), () => 't');
    const { uri, sha256: hash } = await linked.put(chunks('x'), { name: 'day' });
    expect(uri).toBe(`file:day/${hash}`);
    expect(await readFile(join(folder, 'real', 'day', hash), 'utf8')).toBe('x');
  });
});

describe('I5 a fingerprint', () => {
  test('is the same for the same content, whatever the order of its fields and however absence is written', () => {
    const fields = fc.dictionary(fc.string({ maxLength: 5 }), fc.option(fc.string({ maxLength: 5 })), {
      maxKeys: 6,
    });
    fc.assert(
      fc.property(fields, (content) => {
        const turned = Object.fromEntries(Object.entries(content).toReversed());
        const bare = Object.fromEntries(Object.entries(content).filter(([, value]) => value !== null));
        expect(fingerprint(turned)).toBe(fingerprint(content));
        expect(fingerprint(bare)).toBe(fingerprint(content));
        expect(fingerprint({ ...content, ['never there']: undefined })).toBe(fingerprint(content));
      }),
    );
  });

  test('is another for any other content: no text passes from one field into the next', () => {
    const contents = [
      {},
      { a: '' },
      { a: 'b' },
      { a: 'bc' },
      { a: 'b', b: '' },
      { a: 'b', c: 'd' },
      { ab: 'cd' },
      { a: 'b","c":"d' },
      { a: 'B' },
      { a: 'b ' },
    ];
    expect(new Set(contents.map(fingerprint)).size).toBe(contents.length);
    expect(fingerprint({ a: 'b' })).toMatch(/^[0-9a-f]{64}$/);
  });
});
