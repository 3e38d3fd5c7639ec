import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip, constants, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { UnpackCaps } from '../../channels/unpack.ts';
import { DEFAULT_UNPACK_CAPS, packingOf, unpack, unpackDelivery } from '../../channels/unpack.ts';
import { AppError } from '../../domain/errors.ts';
import { inGb18030 } from './gb18030.ts';
import { zipOf, zipOfMembers } from './zip.ts';

const CONTENT = Buffer.from('交易时间,公众账号ID\r\n'.repeat(500));

async function collect(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

async function* pieces(bytes: Buffer, size = 1_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function unpacked(bytes: Buffer, caps: Partial<UnpackCaps> = {}): Promise<Buffer> {
  return collect(unpack(pieces(bytes), { ...DEFAULT_UNPACK_CAPS, ...caps }));
}

async function codeOf(bytes: Buffer, caps: Partial<UnpackCaps> = {}): Promise<string> {
  try {
    await unpacked(bytes, caps);
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'taken';
}

/** Of this file alone: others unpack at the same time. */
let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'yuanlu-unpack-test-'));
  vi.stubEnv('TMPDIR', temporary);
});

/** Folders that unpacking a zip makes and must take away again. */
function spools(): string[] {
  return readdirSync(temporary);
}

afterAll(() => {
  const left = spools();
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
  expect(left).toEqual([]);
});

describe('a delivery', () => {
  test.each([
    ['plain', CONTENT],
    ['gzip', gzipSync(CONTENT)],
    ['zip', zipOf({ 'a.csv': CONTENT })],
  ])('is unpacked by its first bytes, whatever its name: %s', async (packing, bytes) => {
    expect(packingOf(bytes.subarray(0, 4))).toBe(packing);
    expect((await unpacked(bytes)).equals(CONTENT)).toBe(true);
  });

  test('is the same however it arrives', async () => {
    const packed = [CONTENT, gzipSync(CONTENT), zipOf({ 'a.csv': CONTENT })];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...packed),
        fc.integer({ min: 1, max: 3_000 }),
        async (bytes, size) => {
          expect((await collect(unpack(pieces(bytes, size)))).equals(CONTENT)).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('of several gzip members is one stream', async () => {
    const two = Buffer.concat([gzipSync(CONTENT.subarray(0, 700)), gzipSync(CONTENT.subarray(700))]);

    expect((await unpacked(two)).equals(CONTENT)).toBe(true);
  });

  test('that was flushed half way is nothing special', async () => {
    const gzip = createGzip();
    const parts: Buffer[] = [];
    gzip.on('data', (part: Buffer) => parts.push(part));
    gzip.write(CONTENT.subarray(0, 5_000));
    await new Promise<void>((resolve) => {
      gzip.flush(constants.Z_SYNC_FLUSH, resolve);
    });
    gzip.end(CONTENT.subarray(5_000));
    await new Promise((resolve) => gzip.on('end', resolve));

    expect((await unpacked(Buffer.concat(parts))).equals(CONTENT)).toBe(true);
  });

  test('of nothing is cut short', async () => {
    expect(await codeOf(Buffer.alloc(0))).toBe('statement_truncated');
    expect(await codeOf(gzipSync(Buffer.alloc(0)))).toBe('taken');
  });
});

describe('F42 F57: a damaged gzip', () => {
  const packed = gzipSync(CONTENT);

  test('cut anywhere ends as truncated, also when all its bytes have come out already', async () => {
    for (const length of [
      3,
      10,
      20,
      packed.length - 9,
      packed.length - 8,
      packed.length - 4,
      packed.length - 1,
    ])
      expect(await codeOf(packed.subarray(0, length)), String(length)).toBe('statement_truncated');
  });

  test.each([
    ['a check sum that is wrong', packed.length - 6],
    ['a length that is wrong', packed.length - 2],
    ['a changed byte', 30],
  ])('with %s is corrupt', async (_what, at) => {
    const spoilt = Buffer.from(packed);
    spoilt[at] = (spoilt[at] ?? 0) ^ 0xff;

    expect(await codeOf(spoilt)).toMatch(/^statement_(corrupt|truncated)$/);
  });

  test('with garbage behind it is corrupt', async () => {
    expect(await codeOf(Buffer.concat([packed, Buffer.from('garbage')]))).toBe('statement_corrupt');
  });
});

describe('F55: what unpacks to too much', () => {
  test('a gzip bomb is stopped by its ratio long before its end', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 ** 2));
    let seen = 0;

    const read = async (): Promise<void> => {
      for await (const part of unpack(pieces(bomb))) seen += part.length;
    };

    await expect(read()).rejects.toMatchObject({ code: 'statement_too_large' });
    expect(seen).toBeLessThan(16 * 1024 ** 2);
  });

  test('a zip bomb is stopped by its ratio', async () => {
    expect(await codeOf(zipOf({ 'a.csv': Buffer.alloc(64 * 1024 ** 2) }))).toBe('statement_too_large');
  });

  test('a small file of blanks may pack as well as it likes', async () => {
    expect(await codeOf(gzipSync(Buffer.alloc(900_000)))).toBe('taken');
  });

  test.each([
    ['packed bytes', { packedBytesMax: 1_000 }, CONTENT],
    ['unpacked bytes', { unpackedBytesMax: 5_000 }, gzipSync(CONTENT)],
    ['unpacked bytes of a plain file', { unpackedBytesMax: 5_000 }, CONTENT],
    ['members', { membersMax: 2 }, zipOf({ a: CONTENT, b: CONTENT, c: CONTENT })],
  ])('over the cap on %s is refused', async (_what, caps, bytes) => {
    expect(await codeOf(bytes, caps)).toBe('statement_too_large');
  });
});

describe('F54: a zip', () => {
  const member = (name: string, o: object = {}) => ({ name: Buffer.from(name), content: CONTENT, ...o });

  test.each<[string, Buffer, string]>([
    ['two files', zipOf({ a: CONTENT, b: CONTENT }), 'statement_unrecognised'],
    ['no file', zipOfMembers([]), 'statement_unrecognised'],
    [
      'only a folder',
      zipOfMembers([{ name: Buffer.from('folder/'), content: Buffer.alloc(0) }]),
      'statement_unrecognised',
    ],
    ['a name that climbs', zipOfMembers([member('../../etc/passwd')]), 'statement_'],
    ['an absolute name', zipOfMembers([member('/etc/passwd')]), 'statement_'],
    ['a name with a drive', zipOfMembers([member('C:file')]), 'statement_'],
    ['a backslash', zipOfMembers([member('a\\b')]), 'statement_'],
    [
      'a symbolic link',
      zipOfMembers([member('a', { versionMadeBy: 0x0314, externalAttributes: 0xa1ff0000 })]),
      'statement_unrecognised',
    ],
    ['an encrypted file', zipOfMembers([member('a', { flags: 1 })]), 'statement_unrecognised'],
    ['a size that is a lie', zipOfMembers([member('a', { claims: { size: 10 } })]), 'statement_corrupt'],
    [
      'a larger size than there is',
      zipOfMembers([member('a', { claims: { size: 10_000_000 } })]),
      'statement_corrupt',
    ],
    ['a wrong check sum', zipOfMembers([member('a', { claims: { crc: 1 } })]), 'statement_corrupt'],
    ['its end cut off', zipOf({ a: CONTENT }).subarray(0, -30), 'statement_truncated'],
    ['another zip in it', zipOf({ a: zipOf({ b: CONTENT }) }), 'statement_unrecognised'],
    ['a gzip in it', zipOf({ a: gzipSync(CONTENT) }), 'statement_unrecognised'],
  ])('with %s is refused', async (_what, bytes, code) => {
    expect(await codeOf(bytes)).toContain(code);
  });

  test('a gzip in a gzip is refused: unpacking once more would start the counting anew', async () => {
    expect(await codeOf(gzipSync(gzipSync(CONTENT)))).toBe('statement_unrecognised');
  });

  test('with a Chinese name in GBK lets the name choose', async () => {
    const zip = zipOfMembers([
      { name: inGb18030('业务明细(汇总).csv'), content: Buffer.from('summary') },
      { name: inGb18030('业务明细.csv'), content: CONTENT },
    ]);

    const chosen = await collect(unpack(pieces(zip), DEFAULT_UNPACK_CAPS, (name) => name === '业务明细.csv'));

    expect(chosen.equals(CONTENT)).toBe(true);
  });

  test('may be read as what its files make together', async () => {
    const zip = zipOf({ first: Buffer.from('1'), second: Buffer.from('2') });

    const both = unpackDelivery(pieces(zip), async function* (members) {
      for (const one of members.toReversed()) for await (const { bytes } of one.read()) yield bytes;
    });

    expect((await collect(both)).toString()).toBe('21');
  });
});

describe('I19: whoever stops early', () => {
  test.each([
    ['plain', CONTENT],
    ['gzip', gzipSync(CONTENT)],
    ['zip', zipOf({ a: CONTENT })],
  ])('closes the source, and leaves nothing behind: %s', async (_packing, bytes) => {
    let closed = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield* pieces(bytes, 100);
      } finally {
        closed = true;
      }
    }
    const finite = bytes === CONTENT || bytes[0] === 0x1f ? source() : pieces(bytes, 100);

    for await (const part of unpack(finite)) {
      expect(part.length).toBeGreaterThan(0);
      break;
    }

    if (bytes[0] !== 0x50) await vi.waitFor(() => expect(closed).toBe(true));
    expect(spools()).toEqual([]);
  });

  test('what the source throws comes through as it is', async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(gzipSync(CONTENT).subarray(0, 50));
      throw new Error('the network is gone');
    }

    await expect(collect(unpack(failing()))).rejects.toThrow('the network is gone');
  });
});
