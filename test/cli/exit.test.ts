/** How commands end: a code that a script can act on, and lines that a person can act on. */
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeFailure, EXIT } from '../../cli/exit.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { AppError, ERRORS } from '../../domain/errors.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('the exit codes', () => {
  test('are those of the design', () => {
    expect(EXIT).toEqual({ ok: 0, differences: 1, unusable: 2, unavailable: 3 });
  });

  test.each([
    ['database_unavailable', 3],
    ['temporal_unavailable', 3],
    ['engine_unavailable', 3],
    ['schema_outdated', 3],
    ['file_store_unavailable', 3],
    ['statement_not_ready', 3],
    ['config_invalid', 2],
    ['request_invalid', 2],
    ['path_unusable', 2],
    ['refund_list_invalid', 2],
    ['statement_totals_differ', 2],
    ['statement_unrecognised', 2],
    ['refund_unknown', 2],
    ['invariant_broken', 1],
  ] as const)('%s ends with %i', (code, exit) => {
    expect(describeFailure(new AppError(code)).code).toBe(exit);
  });

  test('are never 0 for a failure, whichever it is', () => {
    const wrong = CODES.filter((code) => ![1, 2, 3].includes(describeFailure(new AppError(code)).code));

    expect(wrong).toEqual([]);
  });

  test('are 2 for every statement that cannot be used, so that a script can tell it from a missing server', () => {
    const ofFiles = CODES.filter((code) => code.startsWith('statement_') && code !== 'statement_not_ready');

    expect(ofFiles.length).toBeGreaterThan(8);
    expect(ofFiles.filter((code) => describeFailure(new AppError(code)).code !== 2)).toEqual([]);
  });
});

describe('what a failed command says', () => {
  test('is the code with its meaning, each error on a line, the facts, and what to do', () => {
    const error = new AppError('config_invalid', {
      errors: ['A: is missing', 'B: is wrong'],
      file: 'x.json',
    });

    expect(describeFailure(error).lines).toEqual([
      `config_invalid: ${ERRORS.config_invalid.title}`,
      '  - A: is missing',
      '  - B: is wrong',
      '  file: x.json',
      ERRORS.config_invalid.remedy,
    ]);
  });

  test('ends with the advice of the command where it knows better than the catalogue', () => {
    const error = new AppError('engine_unavailable', { remedy: 'Give a Postgres with --database.' });

    expect(describeFailure(error).lines).toEqual([
      `engine_unavailable: ${ERRORS.engine_unavailable.title}`,
      'Give a Postgres with --database.',
    ]);
  });

  test('of an amount has all its digits', () => {
    const { lines } = describeFailure(new AppError('amount_invalid', { amount: 9_007_199_254_740_993n }));

    expect(lines).toContain('  amount: 9007199254740993');
  });

  test('of a bug is its stack, for the report', () => {
    const bug = new TypeError('x is not a function');

    expect(describeFailure(bug)).toEqual({ code: 1, lines: [bug.stack] });
  });

  test.each(['text', 42, null, undefined])(
    'of something thrown that is no error (%s) is its text',
    (thrown) => {
      expect(describeFailure(thrown)).toEqual({ code: 1, lines: [String(thrown)] });
    },
  );

  test.each(['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET'])(
    'of a connection that failed with %s points to the doctor',
    (code) => {
      const failure = describeFailure(Object.assign(new Error('connect'), { code, syscall: 'connect' }));

      expect(failure.code).toBe(3);
      expect(failure.lines.join('\n')).toContain('yuanlu doctor');
    },
  );
});

describe('a path that cannot be used', () => {
  const failureOf = async (work: () => Promise<unknown>): Promise<ReturnType<typeof describeFailure>> => {
    try {
      await work();
    } catch (error) {
      return describeFailure(error);
    }
    throw new Error('it worked');
  };

  test('is bad input with the path and the reason, and no stack', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'yuanlu-exit-'));
    const absent = join(folder, 'absent.csv');
    try {
      expect(await failureOf(() => readFile(absent))).toEqual({
        code: 2,
        lines: [
          `path_unusable: ${ERRORS.path_unusable.title}`,
          `  - ${absent}: there is no such file`,
          ERRORS.path_unusable.remedy,
        ],
      });
      expect((await failureOf(() => readFile(folder))).lines[1]).toContain('is a folder');
      expect((await failureOf(() => readdir(absent))).lines[1]).toBe(`  - ${absent}: there is no such file`);
      await (await open(absent, 'w')).close();
      expect((await failureOf(() => readFile(join(absent, 'below')))).lines[1]).toContain(
        'a part of the path is a file',
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is not what a program that cannot be found is: that is a bug or a broken installation', () => {
    const error = Object.assign(new Error('spawn initdb ENOENT'), {
      code: 'ENOENT',
      syscall: 'spawn initdb',
    });

    expect(describeFailure(error).code).toBe(1);
  });
});
