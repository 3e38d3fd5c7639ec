/** Builds the tree of a day from its leaves as they come, and proves those that somebody asks about. */
import type { DayTree, LeafBatch, LeafSection } from '../domain/close/leaves.ts';
import type { ProvenLeaf } from './merkle.ts';
import { MerkleTree } from './merkle.ts';

/** A leaf by its place in the books. */
export interface LeafName {
  readonly section: LeafSection;
  readonly statementId: string | null;
  readonly no: string;
}

export interface BuiltTree extends DayTree {
  readonly proven: readonly ProvenLeaf[];
}

/** One pass; the event loop has its turn with each batch. */
export async function buildDayTree(
  batches: AsyncIterable<LeafBatch>,
  prove: readonly LeafName[] = [],
): Promise<BuiltTree> {
  const tree = new MerkleTree();
  const counts: Record<LeafSection, number> = { line: 0, match: 0, break: 0 };
  for await (const { section, statementId, leaves } of batches) {
    counts[section] += leaves.length;
    const wanted = new Set(
      prove.filter((one) => one.section === section && one.statementId === statementId).map((one) => one.no),
    );
    for (const { leaf, no } of leaves) tree.add(leaf, wanted.has(no));
  }
  const { root, size, proven } = tree.finish();
  return { root: root.toString('hex'), size, counts, proven };
}
