/** What is wrong with a file or folder that a person named, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'we may not use it',
  EPERM: 'we may not use it',
  EROFS: 'it cannot be written to',
  EISDIR: 'is a folder',
  ENOTDIR: 'a part of the path is a file',
  ENOSPC: 'there is no room left on the disk',
};

const FILE_CALLS = new Set([
  'open',
  'read',
  'write',
  'stat',
  'lstat',
  'access',
  'mkdir',
  'scandir',
  'rename',
]);

/** Why a call of the file system failed; the error itself where it is none of the usual reasons. */
export function pathReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? String(error);
}

/** The path and the reason, when the error is a usual one of the file system; null for anything else. */
export function pathFault(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code = '', syscall = '', path } = error as NodeJS.ErrnoException;
  if (!FILE_CALLS.has(syscall) || !Object.hasOwn(REASONS, code)) return null;
  return `${path ?? 'a path'}: ${pathReason(error)}`;
}
