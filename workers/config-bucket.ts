/** The part of the configuration that says in which bucket statement files are kept. */
import { z } from 'zod';
import type { S3Place } from '../store/s3-file-store.ts';
import type { ReadValues } from './config.ts';

const text = z.string();

export const BUCKET_VARIABLES = {
  YUANLU_FILES_S3_BUCKET: text
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
    .optional(),
  YUANLU_FILES_S3_REGION: text.regex(/^[a-z0-9-]{1,50}$/, 'must be a region such as cn-north-1').optional(),
  YUANLU_FILES_S3_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an https:// address' })
    .regex(/^[^?#@]+$/, 'must have no user, no query and no fragment')
    .optional(),
  YUANLU_FILES_S3_PREFIX: text
    .regex(/^[0-9A-Za-z_-]+(\/[0-9A-Za-z_-]+)*$/, 'must be names with slashes between, such as yuanlu/files')
    .optional(),
  YUANLU_FILES_S3_PATH_STYLE: z.enum(['true', 'false'], { error: 'must be one of: true, false' }).optional(),
  YUANLU_FILES_S3_ACCESS_KEY_ID: text.optional(),
  YUANLU_FILES_S3_SECRET_ACCESS_KEY: text.optional(),
} as const;

/** Null where none is named. */
export function bucketOf(values: ReadValues): S3Place | null {
  const { YUANLU_FILES_S3_BUCKET: bucket, YUANLU_FILES_S3_REGION: region } = values;
  const { YUANLU_FILES_S3_ACCESS_KEY_ID: id, YUANLU_FILES_S3_SECRET_ACCESS_KEY: secret } = values;
  if (bucket === undefined || region === undefined) return null;
  return {
    bucket,
    region,
    endpoint: values.YUANLU_FILES_S3_ENDPOINT ?? null,
    prefix: values.YUANLU_FILES_S3_PREFIX ?? null,
    pathStyle: values.YUANLU_FILES_S3_PATH_STYLE === 'true',
    credentials:
      id === undefined || secret === undefined ? null : { accessKeyId: id, secretAccessKey: secret },
  };
}

/** The same bucket in the words of the environment; null for what is not to be set. */
export function bucketEnv(place: S3Place | null): Record<keyof typeof BUCKET_VARIABLES, string | null> {
  return {
    YUANLU_FILES_S3_BUCKET: place?.bucket ?? null,
    YUANLU_FILES_S3_REGION: place?.region ?? null,
    YUANLU_FILES_S3_ENDPOINT: place?.endpoint ?? null,
    YUANLU_FILES_S3_PREFIX: place?.prefix ?? null,
    YUANLU_FILES_S3_PATH_STYLE: place === null ? null : String(place.pathStyle),
    YUANLU_FILES_S3_ACCESS_KEY_ID: place?.credentials?.accessKeyId ?? null,
    YUANLU_FILES_S3_SECRET_ACCESS_KEY: place?.credentials?.secretAccessKey ?? null,
  };
}
