/** The stores that statement files are kept in, each empty, and what is in them as others see it. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { directoryFileStore } from '../../store/directory-file-store.ts';
import type { FileStore } from '../../store/file-store.ts';
import { s3FileStore } from '../../store/s3-file-store.ts';
import { startS3Server } from '../support/s3-server.ts';

export interface StoreOnTest {
  readonly files: FileStore;
  /** The same store with a cap of so many bytes. */
  capped(bytesMax: number): FileStore;
  /** What an address begins with, in front of the name of a file. */
  readonly address: string;
  /** All that can be seen, by its name in the store; of a directory also what hides. */
  everything(): Promise<readonly string[]>;
  /** Uploads that take room and cannot be seen. */
  leftovers(): Promise<number>;
  close(): Promise<void>;
}

export const STORES: readonly (readonly [string, () => Promise<StoreOnTest>])[] = [
  ['a directory', directory],
  ['a bucket', bucket],
];

async function directory(): Promise<StoreOnTest> {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-files-'));
  const name = names();
  return {
    files: directoryFileStore(folder, name),
    capped: (bytesMax) => directoryFileStore(folder, name, bytesMax),
    address: 'file:',
    everything: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries
        .filter((one) => one.isFile())
        .map((one) => relative(folder, join(one.parentPath, one.name)));
    },
    leftovers: () => Promise.resolve(0),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function bucket(): Promise<StoreOnTest> {
  const server = await startS3Server();
  const { place } = server;
  const prefix = `${place.prefix ?? ''}/`;
  const name = names();
  return {
    files: s3FileStore(place, name),
    capped: (bytesMax) => s3FileStore(place, name, bytesMax),
    address: `s3://${place.bucket}/${prefix}`,
    everything: async () => (await server.keys()).map((key) => key.replace(prefix, '')),
    leftovers: () => server.uploads(),
    close: () => server.stop(),
  };
}

function names(): () => string {
  let made = 0;
  return () => {
    made += 1;
    return `temporary-${String(made)}`;
  };
}

export async function* chunks(...parts: readonly (Buffer | string)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    await Promise.resolve();
    yield Buffer.from(part);
  }
}

/** So many megabytes, no two alike. */
export async function* megabytes(count: number): AsyncGenerator<Buffer> {
  for (let index = 0; index < count; index += 1) {
    await Promise.resolve();
    yield Buffer.alloc(1 << 20, String(index));
  }
}

export async function read(files: FileStore, uri: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of files.open(uri)) parts.push(part);
  return Buffer.concat(parts);
}
