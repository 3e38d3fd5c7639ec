import { access, constants, lstat, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where this user keeps what was fetched or unpacked once: `$XDG_CACHE_HOME/yuanlu`, `~/.cache/yuanlu`, or
 * `.yuanlu/cache` of the folder we run in where there is no home to write to. Never a folder that others can write to:
 * what lies in it is executed.
 * @throws AppError `engine_unavailable` when none can be written to.
 */
export async function cacheFolder(env: Environment): Promise<string> {
  const home = env['XDG_CACHE_HOME'];
  const candidates = [
    home === undefined || home === '' ? join(homedir(), '.cache', 'yuanlu') : join(home, 'yuanlu'),
    resolve('.yuanlu', 'cache'),
  ];
  for (const folder of candidates) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
      return folder;
    } catch {
      // the next one
    }
  }
  throw new AppError('engine_unavailable', {
    errors: [`cannot write to ${candidates.join(' nor ')}: set XDG_CACHE_HOME to a folder of yours`],
  });
}

/**
 * Makes a folder that everybody may enter and only we may change, below one that everybody may write to.
 * @throws AppError `engine_unavailable` when somebody else made it before us.
 */
export async function ownFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o755 });
  const entry = await lstat(path);
  const ours = entry.isDirectory() && entry.uid === (process.getuid?.() ?? entry.uid);
  if (ours && (entry.mode & 0o022) === 0) return path;
  throw new AppError('engine_unavailable', { errors: [`${path} belongs to somebody else: remove it`] });
}
