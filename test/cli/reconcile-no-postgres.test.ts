/** Where no embedded Postgres can be had, one sentence says what to give instead, and nothing is left lying about. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { describeFailure } from '../../cli/exit.ts';
import { openBooks } from '../../cli/reconcile/books.ts';
import { AppError } from '../../domain/errors.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

async function failureWhen(
  error: Error,
): Promise<{ failure: ReturnType<typeof describeFailure>; left: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-none-'));
  vi.stubEnv('TMPDIR', folder);
  try {
    // A machine without the platform's package cannot be made here: the packages of this one are installed.
    await openBooks(
      null,
      () => undefined,
      () => Promise.reject(error),
    );
  } catch (thrown) {
    return { failure: describeFailure(thrown), left: await readdir(folder) };
  } finally {
    await rm(folder, { recursive: true });
  }
  throw new Error('it found a Postgres');
}

describe('yuanlu reconcile without an embedded Postgres', () => {
  test('ends with 3 and says how to give one, whatever variables other commands read', async () => {
    const { failure, left } = await failureWhen(
      new AppError('engine_unavailable', {
        engine: 'postgres',
        errors: ['there is no npm package for this platform installed', 'set YUANLU_DATABASE_URL to one'],
      }),
    );

    expect(failure).toEqual({
      code: 3,
      lines: [
        'engine_unavailable: No Postgres or Temporal server could be had.',
        '  - there is no npm package for this platform installed',
        'Give a Postgres of your own with --database postgres://user:password@host:port/database.',
      ],
    });
    expect(left).toEqual([]);
  });

  test('does not call a bug a missing Postgres, and cleans up all the same', async () => {
    const bug = new TypeError('x is not a function');
    const { failure, left } = await failureWhen(bug);

    expect(failure).toEqual({ code: 1, lines: [bug.stack] });
    expect(left).toEqual([]);
  });
});
