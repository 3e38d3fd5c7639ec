/** What every store of statement files promises, whatever it is: bytes as they came, names that are ours, nothing half done. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoreOnTest } from './file-stores.ts';
import { STORES, chunks, megabytes, read } from './file-stores.ts';

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

describe.each(STORES)('%s', (_what, open) => {
  let store: StoreOnTest;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  /** Those of one name: each test has names of its own. */
  const under = async (name: string): Promise<readonly string[]> =>
    (await store.everything()).filter((one) => one.startsWith(`${name}/`));

  const spools = async (): Promise<readonly string[]> =>
    (await store.everything()).filter((one) => /spool|temporary/.test(one));

  describe('takes a file', () => {
    test('that comes out as it went in, however it was cut, and is called by its hash', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), async (parts) => {
          const whole = Buffer.concat(parts);
          const stored = await store.files.put(chunks(...parts.map((part) => Buffer.from(part))), {
            name: 'a/b',
          });

          expect(stored).toEqual({
            uri: `${store.address}a/b/${sha256(whole)}`,
            bytes: whole.length,
            sha256: sha256(whole),
          });
          expect(await read(store.files, stored.uri)).toEqual(whole);
        }),
        { numRuns: 30 },
      );
    });

    test('F45 twice and keeps it once, also at the same instant', async () => {
      const ends = await Promise.all(
        [1, 2, 3].map(() => store.files.put(chunks('same', 'bytes'), { name: 'twice' })),
      );

      expect(new Set(ends.map(({ uri }) => uri)).size).toBe(1);
      expect(await under('twice')).toEqual([`twice/${sha256('samebytes')}`]);
      expect((await read(store.files, ends[0]?.uri ?? '')).toString()).toBe('samebytes');
      expect(await spools()).toEqual([]);
    });

    test('F46 with other bytes under the same name and keeps it beside the first', async () => {
      const first = await store.files.put(chunks('first'), { name: 'beside' });
      const second = await store.files.put(chunks('second'), { name: 'beside' });

      expect(second.uri).not.toBe(first.uri);
      expect((await read(store.files, first.uri)).toString()).toBe('first');
      expect((await read(store.files, second.uri)).toString()).toBe('second');
    });

    test('and tells how far it is while it comes in', async () => {
      const told: number[] = [];
      await store.files.put(chunks('1234', '56', '789'), {
        name: 'told',
        onProgress: (bytes) => told.push(bytes),
      });

      expect(told).toEqual([4, 6, 9]);
    });

    test('of 20 MB, gives back the same bytes, in pieces of a megabyte at most', async () => {
      const { uri, bytes, sha256: hash } = await store.files.put(megabytes(20), { name: 'long' });

      const again = createHash('sha256');
      let largest = 0;
      for await (const piece of store.files.open(uri)) {
        again.update(piece);
        largest = Math.max(largest, piece.length);
      }
      expect(bytes).toBe(20 << 20);
      expect(again.digest('hex')).toBe(hash);
      expect(largest).toBeLessThanOrEqual(1 << 20);
    });
  });

  describe('I19 takes nothing of a source', () => {
    test.each([
      ['after a few bytes', 0],
      ['after 20 MB', 20],
    ])('that breaks %s', async (_when, count) => {
      async function* failing(): AsyncGenerator<Buffer> {
        yield Buffer.from('half');
        yield* megabytes(count);
        throw new Error('connection reset');
      }

      await expect(store.files.put(failing(), { name: 'broken' })).rejects.toThrow('connection reset');

      expect(await under('broken')).toEqual([]);
      expect(await spools()).toEqual([]);
      expect(await store.leftovers()).toBe(0);
    });

    test('F55 that never ends: it is stopped at the cap and closed; a file of just the cap is kept', async () => {
      const small = store.capped(100);
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
      const tooLarge = { code: 'statement_too_large' };

      await expect(small.put(endless(), { name: 'endless' })).rejects.toMatchObject(tooLarge);

      expect(closed).toBe(true);
      expect(await under('endless')).toEqual([]);
      expect(await small.put(chunks(Buffer.alloc(100)), { name: 'cap' })).toMatchObject({ bytes: 100 });
      await expect(small.put(chunks(Buffer.alloc(101)), { name: 'cap' })).rejects.toMatchObject(tooLarge);
    });

    test('whose reader was called off, and harms nothing that is there under the same name', async () => {
      const { uri } = await store.files.put(chunks('whole'), { name: 'there' });
      const onProgress = (): void => {
        throw new Error('cancelled');
      };

      await expect(store.files.put(chunks('whole'), { name: 'there', onProgress })).rejects.toThrow(
        'cancelled',
      );

      expect((await read(store.files, uri)).toString()).toBe('whole');
      expect(await under('there')).toHaveLength(1);
      expect(await spools()).toEqual([]);
    });
  });

  describe('clears', () => {
    test('all files of a name and nothing else, also when there are none any more', async () => {
      const first = await store.files.put(chunks('for a while'), { name: 'day/ranges-1' });
      await store.files.put(chunks('for as long'), { name: 'day/ranges-1' });
      const beside = await store.files.put(chunks('to stay'), { name: 'day/ranges-10' });
      const above = await store.files.put(chunks('to stay'), { name: 'day' });

      await store.files.clear('day/ranges-1');
      await store.files.clear('day/ranges-1');

      await expect(read(store.files, first.uri)).rejects.toMatchObject({ code: 'file_missing' });
      for (const { uri } of [beside, above])
        expect((await read(store.files, uri)).toString()).toBe('to stay');
      expect(await under('day/ranges-1')).toEqual([]);
    });

    test('a name that is used again', async () => {
      const first = await store.files.put(chunks('again'), { name: 'last/one' });
      await store.files.clear('last/one');
      const second = await store.files.put(chunks('again'), { name: 'last/one' });

      expect(second).toEqual(first);
      expect((await read(store.files, second.uri)).toString()).toBe('again');
    });

    test.each(['', '/', '//'])('F54 not everything, which has no name: %j', async (name) => {
      const { uri } = await store.files.put(chunks('there'), { name: 'kept' });

      await expect(store.files.clear(name)).rejects.toMatchObject({ code: 'invariant_broken' });
      await store.files.clear('..');
      await store.files.clear('../../kept');

      expect((await read(store.files, uri)).toString()).toBe('there');
    });
  });

  describe('F54 gives out nothing', () => {
    test.each(['file:../outside', 'file:/etc/passwd', 'http://127.0.0.1/', 's3://', 'file:', '', 'outside'])(
      'of other places: %j',
      (uri) => {
        expect(() => store.files.open(uri)).toThrow(
          expect.objectContaining({ code: 'statement_unknown' }) as Error,
        );
      },
    );

    test('of a file that is gone, and says that it is gone', async () => {
      const uri = `${store.address}day/${sha256('never there')}`;

      await expect(read(store.files, uri)).rejects.toMatchObject({ code: 'file_missing', details: { uri } });
    });
  });

  describe('F54 keeps inside what is called', () => {
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
    ])('%j', async (name) => {
      const before = await store.everything();

      const { uri } = await store.files.put(chunks('inside'), { name });

      const added = (await store.everything()).filter((one) => !before.includes(one));
      expect(added.map((one) => `${store.address}${one}`)).toEqual([uri]);
      expect(added[0]).toMatch(/^[0-9A-Za-z_/-]{65,300}$/);
      expect((await read(store.files, uri)).toString()).toBe('inside');
    });
  });
});
