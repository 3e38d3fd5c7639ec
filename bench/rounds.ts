import type { Bench } from './parts.ts';

/** Runs a measurement once a round. */
export async function rounds<T>(
  bench: Pick<Bench, 'rounds'>,
  measure: (round: number) => Promise<T>,
): Promise<readonly T[]> {
  const done: T[] = [];
  for (let round = 0; round < bench.rounds; round += 1) done.push(await measure(round));
  return done;
}
