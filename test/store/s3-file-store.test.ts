/** What a bucket of statement files promises when its server is away, refuses or falls silent. */
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS } from '../../domain/errors.ts';
import type { S3Place } from '../../store/s3-file-store.ts';
import { s3FileStore } from '../../store/s3-file-store.ts';
import type { S3Server } from '../support/s3-server.ts';
import { startS3Server } from '../support/s3-server.ts';
import { chunks, megabytes, read } from './file-stores.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

const storeAt = (changed: Partial<S3Place> = {}) => s3FileStore({ ...server.place, ...changed }, () => 't');

/** Nothing listens at the port any more. */
async function deadEndpoint(): Promise<string> {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, 'close');
  return `http://127.0.0.1:${String(port)}`;
}

describe('a bucket whose server is away', () => {
  test.each([
    ['a short file', 0],
    ['a long one', 20],
  ])('takes %s later: the error may be tried again, and the source is closed', async (_what, count) => {
    const files = storeAt({ endpoint: await deadEndpoint() });
    let closed = false;
    async function* source(): AsyncGenerator<Buffer> {
      try {
        yield Buffer.from('x');
        yield* megabytes(count);
      } finally {
        closed = true;
      }
    }

    await expect(files.put(source(), { name: 'day' })).rejects.toMatchObject({
      code: 'file_store_unavailable',
      details: { bucket: 'statements', why: expect.stringContaining('ECONNREFUSED') as string },
    });

    expect(ERRORS.file_store_unavailable.retryable).toBe(true);
    expect(closed).toBe(true);
  });

  test('gives out a file later', async () => {
    const files = storeAt({ endpoint: await deadEndpoint() });

    await expect(read(files, 's3://statements/day/x')).rejects.toMatchObject({
      code: 'file_store_unavailable',
    });
  });

  test('that takes a connection and says nothing is sent no more than a few parts of a file without an end', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    // Each connection is cut when the source has long stopped being read; the client tries a few times.
    silent.on('connection', (socket) =>
      socket.on('error', () => undefined).setTimeout(500, () => socket.destroy()),
    );
    const files = storeAt({ endpoint: `http://127.0.0.1:${String(port)}` });
    let taken = 0;

    const putting = files.put(megabytes(1000), {
      name: 'day',
      onProgress: (bytes) => {
        taken = bytes;
      },
    });

    await expect(putting).rejects.toMatchObject({ code: 'file_store_unavailable' });
    expect(taken).toBeGreaterThan(1 << 20);
    expect(taken).toBeLessThan(40 << 20);
    silent.close();
  });

  test('in the middle of a file that is read says so', async () => {
    const cut = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .once('data', () => {
          socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf of it');
        });
    }).listen(0, '127.0.0.1');
    await once(cut, 'listening');
    const { port } = cut.address() as AddressInfo;
    const files = storeAt({ endpoint: `http://127.0.0.1:${String(port)}` });

    await expect(read(files, 's3://statements/day/x')).rejects.toMatchObject({
      code: 'file_store_unavailable',
    });
    cut.close();
  });
});

describe('a bucket that refuses', () => {
  test.each<[string, Partial<S3Place>, string]>([
    ['a key that it does not know', keys('another', 'secret'), 'InvalidAccessKeyId'],
    ['a wrong secret', keys('yuanlu-tests', 'wrong'), 'SignatureDoesNotMatch'],
    ['a bucket that is not there', { bucket: 'elsewhere' }, 'NoSuchBucket'],
  ])('%s is a matter of the configuration, and no secret is told', async (_what, changed, said) => {
    const files = storeAt(changed);
    const error: unknown = await files.put(chunks('x'), { name: 'day' }).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'config_invalid' });
    expect(String(error)).toContain(said);
    expect(String(error)).not.toMatch(/wrong|secret\b/);
    await expect(read(files, `s3://${changed.bucket ?? 'statements'}/x`)).rejects.toMatchObject({
      code: 'config_invalid',
    });
  });

  function keys(accessKeyId: string, secretAccessKey: string): Partial<S3Place> {
    return { credentials: { accessKeyId, secretAccessKey } };
  }
});

test('a file of before is read after the prefix was changed, and one of another bucket is not looked for in this one', async () => {
  const { uri } = await storeAt().put(chunks('before'), { name: 'day' });

  expect((await read(storeAt({ prefix: null }), uri)).toString()).toBe('before');
  expect(() => storeAt().open('s3://elsewhere/day/x')).toThrow('is in another bucket');
});

test('without a prefix, files stand at the top of the bucket', async () => {
  const { uri, sha256 } = await storeAt({ prefix: null }).put(chunks('top'), { name: 'wx/trade/day' });

  expect(uri).toBe(`s3://statements/wx/trade/day/${sha256}`);
});
