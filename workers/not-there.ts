/** What a process that starts says about servers that are not there, or do not take it: in the words of its configuration. */
import { AppError } from '../domain/errors.ts';
import { sqlState } from '../store/pool.ts';

/** SQLSTATEs of a login, a password, a database or a role that the server does not take. */
const REFUSALS = /^(28...|3D000|42501|22023)$/;

/** Faults of reaching Postgres, told to whoever configures the process; everything else as it is. */
export function aboutDatabase(error: unknown, url: string): unknown {
  if (error instanceof AppError && error.code === 'database_unavailable') {
    const { hostname, port, pathname } = new URL(url);
    const database = `${hostname}:${port === '' ? '5432' : port}${pathname}`;
    return new AppError(
      error.code,
      { database, remedy: 'Start Postgres, or correct YUANLU_DATABASE_URL.' },
      { cause: error },
    );
  }
  if (!(error instanceof Error) || !REFUSALS.test(sqlState(error) ?? '')) return error;
  const errors = [`YUANLU_DATABASE_URL: Postgres says: ${error.message}`];
  return new AppError('config_invalid', { errors }, { cause: error });
}

export function temporalAway(address: string, cause?: unknown): AppError {
  const remedy = 'Start Temporal, or correct TEMPORAL_ADDRESS.';
  return new AppError('temporal_unavailable', { address, remedy }, { cause });
}

/** gRPC's NOT_FOUND, wherever the SDK wrapped it. */
const NOT_FOUND = 5;

/** A namespace that does not exist, told to whoever configures the process; everything else as it is. */
export function aboutNamespace(error: unknown, namespace: string): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = 'code' in cause ? cause.code : undefined;
    if (code === NOT_FOUND || /namespace .*not found/i.test(cause.message))
      return noNamespace(namespace, error);
  }
  return error;
}

function noNamespace(namespace: string, cause: unknown): AppError {
  const remedy = `Make it: temporal operator namespace create --namespace ${namespace} --retention 30d`;
  const errors = [`TEMPORAL_NAMESPACE: there is no namespace ${namespace}`];
  return new AppError('config_invalid', { errors, remedy }, { cause });
}
