/** The part of the configuration that says which statements several workers load together. */
import type { Splitting } from '../activities/deps.ts';
import type { ReadValues } from './config.ts';
import { whole } from './config-values.ts';

const BYTES_MAX = 999_999_999;
/** As much as unpacking gives at once. With smaller ranges the largest files would come to more of them than there may be. */
const RANGE_BYTES_MIN = 256 * 1024;

/** Some million lines packed; a range takes seconds, so that what is begun for it does not count. */
export const DEFAULT_SPLITTING: Splitting = { overBytes: 64 * 1024 ** 2, rangeBytes: 64 * 1024 ** 2 };

export const SPLITTING_VARIABLES = {
  YUANLU_SPLIT_OVER_BYTES: whole(0, BYTES_MAX).default(DEFAULT_SPLITTING.overBytes ?? 0),
  YUANLU_SPLIT_RANGE_BYTES: whole(RANGE_BYTES_MIN, BYTES_MAX).default(DEFAULT_SPLITTING.rangeBytes),
} as const;

export function splittingOf(values: ReadValues): Splitting | undefined {
  const { YUANLU_SPLIT_OVER_BYTES: overBytes, YUANLU_SPLIT_RANGE_BYTES: rangeBytes } = values;
  if (overBytes === undefined || rangeBytes === undefined) return undefined;
  return { overBytes: overBytes === 0 ? null : overBytes, rangeBytes };
}

/** The same in the words of the environment. */
export function splittingEnv(splitting: Splitting): Record<keyof typeof SPLITTING_VARIABLES, string> {
  return {
    YUANLU_SPLIT_OVER_BYTES: String(splitting.overBytes ?? 0),
    YUANLU_SPLIT_RANGE_BYTES: String(splitting.rangeBytes),
  };
}
