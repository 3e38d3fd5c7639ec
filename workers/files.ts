/** The file stores of a configuration: where new statement files go, and where those that are there are read from. */
import { randomUUID } from 'node:crypto';
import { AppError } from '../domain/errors.ts';
import { directoryFileStore } from '../store/directory-file-store.ts';
import type { FileStore } from '../store/file-store.ts';
import type { S3Place } from '../store/s3-file-store.ts';
import type { Config } from './config.ts';

/**
 * New files go to the bucket where one is named, else to the directory. Each is read from where its address says, so
 * that those of before are read after a move, too.
 */
export async function openFiles({
  filesDir,
  filesS3,
}: Pick<Config, 'filesDir' | 'filesS3'>): Promise<FileStore> {
  const directory = directoryFileStore(filesDir, randomUUID);
  const bucket = filesS3 === null ? null : await openBucket(filesS3);
  const storeOf = (uri: string): FileStore => {
    if (!uri.startsWith('s3:')) return directory;
    if (bucket === null) throw inNoBucket(uri);
    return bucket;
  };
  return {
    put: (source, o) => (bucket ?? directory).put(source, o),
    open: (uri) => storeOf(uri).open(uri),
    clear: async (name) => {
      // What is there for a while may be from before a move.
      await directory.clear(name);
      await bucket?.clear(name);
    },
  };
}

/** Amazon's client is loaded where a bucket is named, and nowhere else: it takes a while. */
export async function openBucket(place: S3Place): Promise<FileStore> {
  const { s3FileStore } = await import('../store/s3-file-store.ts');
  return s3FileStore(place, randomUUID);
}

function inNoBucket(uri: string): AppError {
  return new AppError('config_invalid', {
    errors: [`YUANLU_FILES_S3_BUCKET: is not set, and ${uri} is in a bucket`],
  });
}
