/** What each variable allows for itself and all together do not. Looked at as far as the variables could be read. */
import { accessSync, constants } from 'node:fs';
import { BUCKET_VARIABLES } from './config-bucket.ts';
import type { ReadValues } from './config.ts';
import { isPublicHost } from './public-host.ts';

/** Passwords that examples and images come with, and those that people type to get on. */
const DEFAULT_PASSWORDS: ReadonlySet<string> = new Set([
  ...['postgres', 'password', 'passwd', 'passw0rd', 'secret', 'admin', 'root', 'test', 'example'],
  ...['changeme', 'change-me', 'change_me', 'yuanlu', 'temporal', '123456', '12345678'],
]);

const FILES = [
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
] as const;

export function contradictionsOf(values: ReadValues): readonly string[] {
  return [
    ...aboutPassword(values),
    ...aboutClock(values),
    ...aboutTls(values),
    ...aboutFiles(values),
    ...aboutReceipts(values),
    ...aboutWebhooks(values),
  ];
}

function aboutPassword(values: ReadValues): readonly string[] {
  const { YUANLU_DATABASE_URL: url } = values;
  if (values.YUANLU_ENV !== 'production' || url === undefined) return [];
  const { username, password } = new URL(url);
  const said = decoded(password);
  if (said === '' || !(DEFAULT_PASSWORDS.has(said) || said === decoded(username))) return [];
  return ['YUANLU_DATABASE_URL: a password that everybody guesses is refused in production'];
}

/** Percent signs that encode nothing are the driver's to complain of. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part).toLowerCase();
  } catch {
    return part.toLowerCase();
  }
}

function aboutClock(values: ReadValues): readonly string[] {
  const { YUANLU_CLOCK_ORIGIN: origin, YUANLU_CLOCK_EPOCH: epoch, YUANLU_CLOCK_RATE: rate } = values;
  if ((rate === undefined || rate === 1) && origin === undefined && epoch === undefined) return [];
  return [
    ...(values.YUANLU_ENV === 'production'
      ? [
          'YUANLU_CLOCK_RATE, YUANLU_CLOCK_ORIGIN, YUANLU_CLOCK_EPOCH: a virtual clock is refused in production',
        ]
      : []),
    ...(origin === undefined || epoch === undefined
      ? ['YUANLU_CLOCK_ORIGIN and YUANLU_CLOCK_EPOCH: both are needed with a virtual clock']
      : []),
  ];
}

function aboutTls(values: ReadValues): readonly string[] {
  const cert = values.TEMPORAL_TLS_CLIENT_CERT_PATH;
  const key = values.TEMPORAL_TLS_CLIENT_KEY_PATH;
  const detailed = [...FILES, 'TEMPORAL_TLS_SERVER_NAME' as const].filter(
    (name) => values[name] !== undefined,
  );
  return [
    ...((cert === undefined) === (key === undefined)
      ? []
      : ['TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH: both are needed, or none']),
    ...(usesTls(values)
      ? []
      : detailed.map((name) => `${name}: means nothing while TEMPORAL_TLS is not true`)),
    ...(values.TEMPORAL_TLS === 'false' && hasApiKey(values)
      ? ['TEMPORAL_API_KEY: is not sent in clear; leave TEMPORAL_TLS=false out']
      : []),
    ...FILES.flatMap((name) => unreadable(name, values[name])),
  ];
}

/** Statements name payers' refunds: in clear they go through a network of one's own only. */
function aboutFiles(values: ReadValues): readonly string[] {
  if (values.YUANLU_FILES_S3_BUCKET === undefined) {
    const names = Object.keys(BUCKET_VARIABLES) as (keyof typeof BUCKET_VARIABLES)[];
    const given = names.filter((name) => values[name] !== undefined);
    return given.map((name) => `${name}: means nothing without YUANLU_FILES_S3_BUCKET`);
  }
  const { YUANLU_FILES_S3_ENDPOINT: endpoint } = values;
  const { YUANLU_FILES_S3_ACCESS_KEY_ID: id, YUANLU_FILES_S3_SECRET_ACCESS_KEY: secret } = values;
  const inClear = endpoint?.startsWith('http:') === true && isPublicHost(new URL(endpoint).hostname);
  return [
    ...(values.YUANLU_FILES_S3_REGION === undefined
      ? ['YUANLU_FILES_S3_REGION: is not set, and is needed with YUANLU_FILES_S3_BUCKET']
      : []),
    ...((id === undefined) === (secret === undefined)
      ? []
      : ['YUANLU_FILES_S3_ACCESS_KEY_ID and YUANLU_FILES_S3_SECRET_ACCESS_KEY: both are needed, or none']),
    ...(values.YUANLU_ENV === 'production' && inClear
      ? ['YUANLU_FILES_S3_ENDPOINT: must be https in production, but in a network of your own']
      : []),
  ];
}

/** Whoever reads a payer's link on its way can open it. */
function aboutReceipts(values: ReadValues): readonly string[] {
  const { YUANLU_RECEIPT_KEYS_FILE: keys, YUANLU_PUBLIC_URL: url } = values;
  const production = values.YUANLU_ENV === 'production';
  return [
    ...(production && url?.startsWith('http:') === true
      ? ['YUANLU_PUBLIC_URL: must be https in production']
      : []),
    ...(production && keys !== undefined && url === undefined
      ? ['YUANLU_RECEIPT_KEYS_FILE and YUANLU_PUBLIC_URL: both are needed for receipts, or none']
      : []),
    ...unreadable('YUANLU_RECEIPT_KEYS_FILE', keys),
  ];
}

function aboutWebhooks(values: ReadValues): readonly string[] {
  return unreadable('YUANLU_WEBHOOK_KEYS_FILE', values.YUANLU_WEBHOOK_KEYS_FILE);
}

/** An API key goes over TLS, always. */
export function usesTls(values: ReadValues): boolean {
  return values.TEMPORAL_TLS === undefined ? hasApiKey(values) : values.TEMPORAL_TLS === 'true';
}

function hasApiKey(values: ReadValues): boolean {
  return values.TEMPORAL_API_KEY !== undefined;
}

function unreadable(name: string, path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  try {
    accessSync(path, constants.R_OK);
    return [];
  } catch {
    return [`${name}: cannot read ${path}`];
  }
}
