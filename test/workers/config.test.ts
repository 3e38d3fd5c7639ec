import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { AppError } from '../../domain/errors.ts';
import { configVariables, readConfig, toEnv } from '../../workers/config.ts';
import { virtualClock } from '../../workers/clock.ts';
import { isPublicHost } from '../../workers/public-host.ts';
import { readText } from '../house/repository.ts';

const folder = mkdtempSync(join(tmpdir(), 'yuanlu-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ENV = {
  YUANLU_ENV: 'development',
  YUANLU_DATABASE_URL: 'postgres://yuanlu:s3cret-of-its-own@db:5432/yuanlu',
  TEMPORAL_ADDRESS: 'temporal:7233',
  YUANLU_ACCOUNTS_FILE: 'accounts.json',
};

function errorsOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof AppError && error.code === 'config_invalid')
      return error.details['errors'] as string[];
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  test('needs four things and has a default for the rest', () => {
    expect(readConfig({ ...ENV, YUANLU_ENV: undefined })).toMatchObject({
      production: true,
      temporalNamespace: 'default',
      apiHost: '127.0.0.1',
      apiPort: 8080,
      schedule: '*/5 * * * *',
      virtualTime: null,
    });
    expect(errorsOf({})).toEqual([
      'YUANLU_DATABASE_URL: is not set',
      'TEMPORAL_ADDRESS: is not set',
      'YUANLU_ACCOUNTS_FILE: is not set',
    ]);
  });

  test('tells every error at once', () => {
    const errors = errorsOf({
      YUANLU_ENV: 'staging',
      YUANLU_DATABASE_URL: 'mysql://db',
      TEMPORAL_ADDRESS: 'temporal',
      YUANLU_API_PORT: '99999',
      YUANLU_SCHEDULE: 'sometimes',
      YUANLU_LOOK_BACK_DAYS: '0',
      YUANLU_DATABASE_POOL: '3.5',
    });

    for (const name of [
      'YUANLU_ENV',
      'YUANLU_DATABASE_URL',
      'TEMPORAL_ADDRESS',
      'YUANLU_ACCOUNTS_FILE',
      'YUANLU_API_PORT',
      'YUANLU_SCHEDULE',
      'YUANLU_LOOK_BACK_DAYS',
      'YUANLU_DATABASE_POOL',
    ])
      expect(errors.filter((error) => error.startsWith(`${name}: `))).toHaveLength(1);
  });

  test('takes a secret from a file, and not from two places', () => {
    const file = join(folder, 'url');
    writeFileSync(file, `${ENV.YUANLU_DATABASE_URL}\n`);
    const { YUANLU_DATABASE_URL: url, ...rest } = ENV;

    expect(readConfig({ ...rest, YUANLU_DATABASE_URL_FILE: file }).databaseUrl).toBe(url);
    expect(errorsOf({ ...ENV, YUANLU_DATABASE_URL_FILE: file }).join()).toContain('give one of the two');
    expect(errorsOf({ ...rest, YUANLU_DATABASE_URL_FILE: `${file}-absent` }).join()).toContain('cannot read');
  });
});

const BUCKET = {
  YUANLU_FILES_S3_BUCKET: 'shop-statements',
  YUANLU_FILES_S3_REGION: 'cn-north-1',
  YUANLU_FILES_S3_ENDPOINT: 'https://store.example.com:9000',
  YUANLU_FILES_S3_PREFIX: 'yuanlu/files',
  YUANLU_FILES_S3_PATH_STYLE: 'true',
  YUANLU_FILES_S3_ACCESS_KEY_ID: 'id',
  YUANLU_FILES_S3_SECRET_ACCESS_KEY: 'secret',
};

describe('the bucket of statement files', () => {
  test('is none where none is named, and passes from one process to its children whole', () => {
    const config = readConfig({ ...ENV, ...BUCKET });

    expect(readConfig(ENV).filesS3).toBeNull();
    expect(config.filesS3).toEqual({
      bucket: 'shop-statements',
      region: 'cn-north-1',
      endpoint: 'https://store.example.com:9000',
      prefix: 'yuanlu/files',
      pathStyle: true,
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    });
    expect(readConfig(toEnv(config))).toEqual(config);
  });

  test('needs no more than a name and a region: the machine may give the keys, and Amazon the host', () => {
    const { YUANLU_FILES_S3_BUCKET, YUANLU_FILES_S3_REGION } = BUCKET;

    expect(readConfig({ ...ENV, YUANLU_FILES_S3_BUCKET, YUANLU_FILES_S3_REGION }).filesS3).toEqual({
      ...{ bucket: 'shop-statements', region: 'cn-north-1' },
      ...{ endpoint: null, prefix: null, pathStyle: false, credentials: null },
    });
  });

  test('takes its keys from files', () => {
    const file = join(folder, 's3-secret');
    writeFileSync(file, 'from-a-file\n');
    const env = { ...ENV, ...BUCKET, YUANLU_FILES_S3_SECRET_ACCESS_KEY: '' };

    const config = readConfig({ ...env, YUANLU_FILES_S3_SECRET_ACCESS_KEY_FILE: file });

    expect(config.filesS3?.credentials).toEqual({ accessKeyId: 'id', secretAccessKey: 'from-a-file' });
  });

  test('that nobody named makes each of its settings an error, all told at once', () => {
    const others = Object.keys(BUCKET).filter((name) => name !== 'YUANLU_FILES_S3_BUCKET');

    expect(errorsOf({ ...ENV, ...BUCKET, YUANLU_FILES_S3_BUCKET: '' })).toEqual(
      others.map((name) => `${name}: means nothing without YUANLU_FILES_S3_BUCKET`),
    );
  });

  test('without its region, and with half of its keys, is told with all that is wrong', () => {
    const half = { ...BUCKET, YUANLU_FILES_S3_REGION: '', YUANLU_FILES_S3_ACCESS_KEY_ID: '' };

    expect(errorsOf({ ...ENV, ...half, YUANLU_FILES_S3_PREFIX: '/a/' })).toEqual([
      'YUANLU_FILES_S3_PREFIX: must be names with slashes between, such as yuanlu/files',
      'YUANLU_FILES_S3_REGION: is not set, and is needed with YUANLU_FILES_S3_BUCKET',
      'YUANLU_FILES_S3_ACCESS_KEY_ID and YUANLU_FILES_S3_SECRET_ACCESS_KEY: both are needed, or none',
    ]);
  });

  test.each([
    ['http://store.example.com', 'production', 1],
    ['http://minio:9000', 'production', 0],
    ['http://10.1.2.3:9000', 'production', 0],
    ['http://store.shop.com', 'development', 0],
    ['http://store.shop.com', 'production', 1],
    ['https://id:secret@store.shop.com', 'production', 1],
    ['ftp://store.shop.com', 'production', 1],
  ])(
    'at %s in %s has %i errors: in clear it is reached in a network of one’s own only',
    (url, env, count) => {
      const errors = errorsOf({ ...ENV, ...BUCKET, YUANLU_ENV: env, YUANLU_FILES_S3_ENDPOINT: url });

      expect(errors.filter((one) => one.startsWith('YUANLU_FILES_S3_ENDPOINT: '))).toHaveLength(count);
      expect(errors.join()).not.toContain('id:secret');
    },
  );
});

const VIRTUAL = {
  YUANLU_CLOCK_ORIGIN: '2026-09-01T00:00:00+08:00',
  YUANLU_CLOCK_EPOCH: '2026-11-24T02:00:00Z',
  YUANLU_CLOCK_RATE: '86400',
};

describe('which statements several workers load', () => {
  const MEBIBYTE = 1024 ** 2;

  test('are those over 64 MiB, none for 0, and both sizes pass from one process to its children', () => {
    expect(readConfig(ENV).splitting).toEqual({ overBytes: 64 * MEBIBYTE, rangeBytes: 64 * MEBIBYTE });
    for (const [over, overBytes] of [
      ['0', null],
      ['5000', 5_000],
    ] as const) {
      const config = readConfig({
        ...ENV,
        YUANLU_SPLIT_OVER_BYTES: over,
        YUANLU_SPLIT_RANGE_BYTES: '300000',
      });

      expect(config.splitting).toEqual({ overBytes, rangeBytes: 300_000 });
      expect(readConfig(toEnv(config)).splitting).toEqual(config.splitting);
    }
  });
});

describe('the proxies that are believed', () => {
  test('are addresses, networks and names, and nobody when none is named', () => {
    const named = '10.0.0.0/8, 192.0.2.7,::1,fd00::/8,loopback';
    const config = readConfig({ ...ENV, YUANLU_TRUSTED_PROXIES: named });

    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '192.0.2.7', '::1', 'fd00::/8', 'loopback']);
    expect(readConfig(toEnv(config)).trustedProxies).toEqual(config.trustedProxies);
    expect(readConfig(ENV).trustedProxies).toEqual([]);
  });

  test.each(['everybody', '10.0.0.0/33', '10.0.0.0/8/8', '0.0.0.0/0', '::/129', '10.0.0.1;10.0.0.2', 'a,'])(
    'are not %s',
    (named) => {
      expect(errorsOf({ ...ENV, YUANLU_TRUSTED_PROXIES: named })).toEqual([
        'YUANLU_TRUSTED_PROXIES: must be addresses or networks such as 10.0.0.0/8, or loopback',
      ]);
    },
  );
});

describe('F83: production', () => {
  const production = { ...ENV, YUANLU_ENV: 'production' };

  test('refuses a virtual clock', () => {
    expect(errorsOf({ ...production, ...VIRTUAL }).join()).toContain(
      'a virtual clock is refused in production',
    );
    expect(errorsOf({ ...production, YUANLU_CLOCK_RATE: '2' }).join()).toContain('refused in production');
  });

  test.each(['postgres', 'password', 'yuanlu', 'changeme', '123456'])(
    'refuses the password %s',
    (password) => {
      const url = `postgres://yuanlu:${password}@db:5432/yuanlu`;

      expect(errorsOf({ ...production, YUANLU_DATABASE_URL: url }).join()).toContain('everybody guesses');
      expect(errorsOf({ ...ENV, YUANLU_DATABASE_URL: url })).toEqual([]);
    },
  );

  test.each<[string, boolean]>([
    ['api.mch.weixin.qq.com', true],
    ['localhost', false],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['192.168.0.9', false],
    ['169.254.169.254', false],
    ['[::1]', false],
    ['sandbox', false],
  ])('knows whether %s is a public host: %s', (host, isPublic) => {
    expect(isPublicHost(host)).toBe(isPublic);
  });
});

describe('a virtual clock', () => {
  test('needs to know when it began, here and there', () => {
    expect(errorsOf({ ...ENV, YUANLU_CLOCK_RATE: '60' }).join()).toContain('both are needed');
    expect(errorsOf({ ...ENV, ...VIRTUAL, YUANLU_CLOCK_EPOCH: undefined }).join()).toContain(
      'both are needed',
    );
    expect(errorsOf({ ...ENV, ...VIRTUAL, YUANLU_CLOCK_RATE: '0' })).not.toEqual([]);
    expect(errorsOf({ ...ENV, ...VIRTUAL, YUANLU_CLOCK_RATE: '-1' })).not.toEqual([]);
  });

  test('is the same in every process that is given the same environment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (originMs, epochMs, rate) => {
          const config = { ...readConfig(ENV), virtualTime: { originMs, epochMs, rate } };

          expect(readConfig(toEnv(config))).toEqual(config);
        },
      ),
    );
  });

  test('passes at its rate, and waits are as much shorter', () => {
    const clock = virtualClock({ originMs: 0, epochMs: Date.now() - 1_000, rate: 3_600 });

    expect(clock.now().getTime()).toBeGreaterThanOrEqual(3_600_000);
    expect(clock.toWallMs(3_600_000)).toBe(1_000);
  });
});

describe('the documentation of the configuration', () => {
  const text = readText('docs/configuration.md');

  test('names every variable that there is, with its default', () => {
    for (const { name, required, default: value } of configVariables()) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
      expect(row, name).toBeDefined();
      expect(row, name).toContain(required ? 'required' : value === null ? '–' : `\`${value}\``);
    }
  });

  test('names none that there is not', () => {
    const named = [...text.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, name]) => name);

    expect(named.sort()).toEqual(
      configVariables()
        .map(({ name }) => name)
        .sort(),
    );
  });
});
