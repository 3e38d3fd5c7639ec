/** The leaves of a closed day's tree on their way from the books to whoever hashes, exports or proves them. */

/** In the order in which they stand in the tree. */
export type LeafSection = 'line' | 'match' | 'break';

/** Leaves in order, a bounded number at once. */
export interface LeafBatch {
  readonly section: LeafSection;
  /** The statement that lines and matches are of; null for breaks. */
  readonly statementId: string | null;
  /** `no` is the line's number in its statement, or the break's number. */
  readonly leaves: readonly { readonly leaf: string; readonly no: string }[];
}

/** The tree of a day, without its leaves. */
export interface DayTree {
  /** Hex. */
  readonly root: string;
  readonly size: number;
  readonly counts: Readonly<Record<LeafSection, number>>;
}
