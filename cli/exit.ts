/** Exit codes: 0 it ran, 1 it ran and found differences, 2 bad usage or input, 3 something it needs is not there. */
import type { ErrorCode } from '../domain/errors.ts';
import { AppError, ERRORS } from '../domain/errors.ts';
import { pathFault } from './path-fault.ts';

export const EXIT = { ok: 0, differences: 1, unusable: 2, unavailable: 3 } as const;

const UNAVAILABLE: ReadonlySet<ErrorCode> = new Set([
  'database_unavailable',
  'temporal_unavailable',
  'api_unavailable',
  'engine_unavailable',
  'file_store_unavailable',
  'schema_outdated',
  'channel_unreachable',
  'statement_not_ready',
]);

/** What a failed command says to the person, and the code it ends with. Stack traces are for bugs only. */
export function describeFailure(error: unknown): {
  readonly code: number;
  readonly lines: readonly string[];
} {
  if (error instanceof AppError) {
    const { errors, remedy, ...facts } = error.details;
    const list = Array.isArray(errors) ? errors.map((one) => `  - ${String(one)}`) : [];
    const known = Object.entries(facts).map(([key, value]) => `  ${key}: ${String(value)}`);
    return {
      code:
        error.code === 'invariant_broken'
          ? EXIT.differences
          : UNAVAILABLE.has(error.code)
            ? EXIT.unavailable
            : EXIT.unusable,
      lines: [
        `${error.code}: ${ERRORS[error.code].title}`,
        ...list,
        ...known,
        // A command may know better than the catalogue what its user can do.
        typeof remedy === 'string' ? remedy : ERRORS[error.code].remedy,
      ],
    };
  }
  const fault = pathFault(error);
  if (fault !== null) return describeFailure(new AppError('path_unusable', { errors: [fault] }));
  if (isConnectionError(error)) {
    return {
      code: EXIT.unavailable,
      lines: [`cannot connect: ${String(error)}`, 'Run `yuanlu doctor` to see what is missing.'],
    };
  }
  return {
    code: EXIT.differences,
    lines: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  };
}

function isConnectionError(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'ECONNRESET';
}
