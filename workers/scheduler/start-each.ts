/** Many small starts, a few at a time: one that fails is told and holds up nobody, a server that is away ends them all. */
import { AppError } from '../../domain/errors.ts';

/** How many starts are under way at once. */
const STARTS_IN_FLIGHT = 8;

export interface StartEach<T> {
  /** Whether it was new. */
  readonly start: (item: T) => Promise<boolean>;
  /** Hears of an item that could not be started; the next look tries it again. */
  readonly failed: (item: T, error: unknown) => void;
}

/**
 * Starts the items in order, a few at a time, and returns how many were new.
 * @throws AppError `temporal_unavailable`, `database_unavailable` as soon as one start says so: the rest would say the same.
 */
export async function startEach<T>(items: readonly T[], { start, failed }: StartEach<T>): Promise<number> {
  const waiting = [...items];
  const state: { started: number; away: AppError | null } = { started: 0, away: null };
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        if (await start(item)) state.started += 1;
      } catch (error) {
        if (!isAway(error)) failed(item, error);
        else {
          state.away ??= error;
          waiting.length = 0;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: STARTS_IN_FLIGHT }, lane));
  if (state.away !== null) throw state.away;
  return state.started;
}

function isAway(error: unknown): error is AppError {
  return (
    error instanceof AppError &&
    (error.code === 'temporal_unavailable' || error.code === 'database_unavailable')
  );
}
