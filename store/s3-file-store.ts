/** Statement files in a bucket of Amazon S3, or of anything that speaks its protocol. */
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { AppError, invariant } from '../domain/errors.ts';
import type { FileStore } from './file-store.ts';
import { FILE_BYTES_MAX, foldersOf, measured, safeSegment } from './file-store.ts';

export interface S3Place {
  readonly bucket: string;
  readonly region: string;
  /** Null: Amazon's own of the region. */
  readonly endpoint: string | null;
  /** In front of every key, without a slash at its end; null for none. */
  readonly prefix: string | null;
  /** Whether the bucket stands in the path of addresses, not in their host name. */
  readonly pathStyle: boolean;
  /** Null: those that the machine or the environment gives to Amazon's client. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
}

/** What an upload holds in memory: so many parts of so many bytes, and the one that is being filled. */
const PART_BYTES = 8 * 1024 ** 2;
const PARTS_AT_ONCE = 2;

/** Each request, by the client itself, with growing waits between. */
const ATTEMPTS_MAX = 3;
const CONNECT_WITHIN_MS = 5_000;
/** Silence on a connection, not the length of a request. */
const SILENCE_MS_MAX = 30_000;

/**
 * A file store in a bucket. Its bytes are hashed on their way into `spool/`; only what arrived whole is copied, inside
 * of the bucket, to the name that ends in its hash. A process that dies meanwhile leaves its spool, which nobody reads.
 */
export function s3FileStore(
  place: S3Place,
  temporaryName: () => string,
  fileBytesMax = FILE_BYTES_MAX,
): FileStore {
  const client = clientOf(place);
  const { bucket: Bucket } = place;
  const keyOf = (...names: readonly string[]): string =>
    [...(place.prefix === null ? [] : [place.prefix]), ...names].join('/');
  const remove = (Key: string): Promise<unknown> => client.send(new DeleteObjectCommand({ Bucket, Key }));
  return {
    put: async (source, o) => {
      const spool = keyOf('spool', safeSegment(temporaryName()));
      const { through, sum } = measured(source, fileBytesMax, o.onProgress);
      try {
        await upload(client, { Bucket, Key: spool }, through);
        const { bytes, sha256 } = sum();
        const Key = keyOf(...foldersOf(o.name), sha256);
        await client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${spool}` }));
        await remove(spool);
        return { uri: `s3://${Bucket}/${Key}`, bytes, sha256 };
      } catch (error) {
        // Why it was not kept is to be told, not that what is left of it cannot be removed either.
        await remove(spool).catch(() => undefined);
        throw isOfClient(error) ? aboutS3(error, place) : error;
      }
    },
    open: (uri) => reading(client, place, uri, keyIn(place, uri)),
    clear: async (name) => {
      const folders = foldersOf(name);
      invariant(folders.length > 0, 'what is cleared has a name');
      try {
        await removeAll(client, Bucket, `${keyOf(...folders)}/`);
      } catch (error) {
        throw isOfClient(error) ? aboutS3(error, place) : error;
      }
    },
  };
}

function clientOf({ region, endpoint, pathStyle, credentials }: S3Place): S3Client {
  return new S3Client({
    region,
    forcePathStyle: pathStyle,
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, socketTimeout: SILENCE_MS_MAX },
    // What S3 learned last is not spoken by everything that calls itself compatible; bodies are signed by their hash.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials }),
  });
}

/** A thousand at a time, as they are listed. */
async function removeAll(client: S3Client, Bucket: string, Prefix: string): Promise<void> {
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
    if (Contents.length === 0) return;
    for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }));
  }
}

/** In parts when it is long; nothing of a source that fails is to be seen. */
async function upload(
  client: S3Client,
  to: { readonly Bucket: string; readonly Key: string },
  source: AsyncIterable<Buffer>,
): Promise<void> {
  const Body = Readable.from(source, { highWaterMark: 1 });
  const params = { ...to, Body };
  await new Upload({ client, params, partSize: PART_BYTES, queueSize: PARTS_AT_ONCE }).done();
}

async function* reading(
  client: S3Client,
  place: S3Place,
  uri: string,
  Key: string,
): AsyncGenerator<Buffer, void> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: place.bucket, Key }));
    yield* Body as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey')
      throw new AppError('file_missing', { uri }, { cause: error });
    throw aboutS3(error, place);
  }
}

function keyIn({ bucket }: S3Place, uri: string): string {
  const [, named, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  if (named === undefined || key === undefined) throw new AppError('statement_unknown', { uri });
  if (named !== bucket)
    throw new AppError('config_invalid', {
      errors: [`YUANLU_FILES_S3_BUCKET: is ${bucket}, and ${uri} is in another bucket`],
    });
  return key;
}

/** What a person has to mend; all else that the store says, and its silence, may be over in a while. */
const TO_MEND: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'InvalidBucketName',
  'NoSuchBucket',
]);
const STATUS_TO_MEND: ReadonlySet<number> = new Set([301, 401, 403]);

/** Whether Amazon's client has thrown it: it marks what it throws. A source has faults of its own. */
function isOfClient(error: unknown): error is Error {
  return error instanceof Error && ('$metadata' in error || TO_MEND.has(error.name));
}

/**
 * A fault of the store in the words of the catalogue. The client's own error goes no further: it carries the request, with
 * what it was signed with.
 */
function aboutS3(error: unknown, { bucket }: S3Place): AppError {
  const why = whyOf(error);
  if (!isToMend(error)) return new AppError('file_store_unavailable', { bucket, why });
  return new AppError('config_invalid', {
    errors: [`YUANLU_FILES_S3_BUCKET: ${bucket} is refused: ${why}`],
    remedy:
      'Compare bucket, region and keys with those of the store; the keys must let read, write and delete.',
  });
}

/** A host with several addresses that all refuse has a code and no message. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return `${error.name}: ${error.message === '' ? code : error.message}`;
}

function isToMend(error: unknown): boolean {
  if (!isOfClient(error)) return false;
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return TO_MEND.has(error.name) || STATUS_TO_MEND.has($metadata?.httpStatusCode ?? 0);
}
