import type { StatementKind } from '../../domain/statement/statement.ts';
import type { KnownStatement } from '../../store/statements-known.ts';

/** One statement to be had. `recheck` 0 is the first look; higher numbers look again for a re-issued file. */
export interface StatementDay {
  readonly accountId: string;
  readonly kind: StatementKind;
  /** yyyy-mm-dd, Beijing. */
  readonly billDate: string;
  readonly recheck: number;
}

export type StatementDayResult =
  | { readonly outcome: 'loaded'; readonly fileId: string; readonly lines: number }
  | { readonly outcome: 'same'; readonly fileId: string; readonly lines: number }
  | { readonly outcome: 'empty' };

/** A fetched file in the file store, still packed as the channel sent it. */
export interface FetchedStatement {
  readonly outcome: 'fetched';
  readonly uri: string;
  readonly bytes: number;
  /** The channel's hash of the unpacked bytes, when it gives one. */
  readonly hash: { readonly algorithm: 'sha1' | 'sha256'; readonly hex: string } | null;
  /** Set where these bytes are there already and nothing is left to do with them; `bytes` is 0 where they were not downloaded for it. */
  readonly known?: KnownStatement;
  /** Set where it is so large that several workers load it together. */
  readonly inRanges?: true;
}

/** One range of a statement that is being loaded, 1, 2, … in the order of the file. */
export interface StatementRange {
  readonly accountId: string;
  /** Number of the statement file that it will be part of. */
  readonly fileId: string;
  readonly rangeNo: number;
}
