/** What a run is asked to do, checked before anything is started: all that is wrong with the paths at once. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AppError, invariant } from '../../domain/errors.ts';
import { addDays, beijingInstant } from '../../domain/time/plain-date.ts';
import { pathReason } from '../path-fault.ts';
import type { ReconcileFlags } from '../register-books.ts';
import type { ReconcileChannel } from './channels.ts';
import { RECONCILE_CHANNELS } from './channels.ts';
import type { LoadedStatement } from './statements.ts';

export interface ReconcilePlan {
  readonly channel: ReconcileChannel;
  readonly statements: readonly string[];
  readonly list: string;
  /** yyyy-mm-dd; null when it was not said. */
  readonly asOf: string | null;
  readonly out: string | null;
  readonly database: string | null;
}

/** @throws AppError `path_unusable` naming every path that cannot be used */
export async function planOf(flags: ReconcileFlags): Promise<ReconcilePlan> {
  const channel = RECONCILE_CHANNELS.find(({ name }) => name === flags.channel);
  invariant(channel !== undefined, 'the command line takes channels of the table only');
  const problems = [
    ...(await Promise.all(flags.statement.map((path) => inputProblem('--statement', path)))),
    await inputProblem('--refunds', flags.refunds),
    flags.out === undefined ? null : await folderProblem('--out', flags.out),
  ];
  const errors = problems.filter((problem) => problem !== null);
  if (errors.length > 0) throw new AppError('path_unusable', { errors });
  return {
    channel,
    statements: flags.statement,
    list: flags.refunds,
    asOf: flags.asOf ?? null,
    out: flags.out ?? null,
    database: flags.database ?? null,
  };
}

/**
 * The instant of judgement: the last moment of the day that was named, so that what was promised for that day is not late
 * yet. Without one it is now, or the end of the last day that the statements speak of where that is later (statements of
 * a virtual clock).
 */
export function instantOf(asOf: string | null, statements: readonly LoadedStatement[], now: Date): Date {
  if (asOf !== null) return endOf(asOf);
  const ends = statements.flatMap(({ summary }) =>
    summary.lastDate === null ? [] : [endOf(summary.lastDate).getTime()],
  );
  return new Date(Math.max(now.getTime(), ...ends));
}

function endOf(day: string): Date {
  return new Date(beijingInstant(addDays(day, 1)).getTime() - 1);
}

async function inputProblem(option: string, path: string): Promise<string | null> {
  try {
    if ((await stat(path)).isDirectory()) return `${option} ${path}: is a folder; name the files in it`;
    await access(path, constants.R_OK);
    return null;
  } catch (error) {
    return `${option} ${path}: ${pathReason(error)}`;
  }
}

/** A folder that is there must take files; one that is not must be possible to make. */
async function folderProblem(option: string, path: string): Promise<string | null> {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      if (!(await stat(folder)).isDirectory()) return `${option} ${path}: ${folder} is a file`;
      await access(folder, constants.W_OK);
      return null;
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing || folder === dirname(folder)) return `${option} ${path}: ${pathReason(error)}`;
    }
  }
}
