/** The Merkle tree against the definition of RFC 6962, written down as it stands there: recursive, over all leaves at once. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProvenLeaf } from '../../closing/merkle.ts';
import { MerkleTree, provesInclusion } from '../../closing/merkle.ts';

const sha256 = (...parts: readonly (Buffer | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The largest power of two smaller than `size`. */
function split(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** MTH of RFC 6962 §2.1. */
function treeHash(leaves: readonly string[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(Buffer.from([0]), Buffer.from(only, 'utf8'));
  const at = split(leaves.length);
  return sha256(Buffer.from([1]), treeHash(leaves.slice(0, at)), treeHash(leaves.slice(at)));
}

/** PATH of RFC 6962 §2.1.1. */
function auditPath(index: number, leaves: readonly string[]): Buffer[] {
  if (leaves.length === 1) return [];
  const at = split(leaves.length);
  const [left, right] = [leaves.slice(0, at), leaves.slice(at)];
  return index < at
    ? [...auditPath(index, left), treeHash(right)]
    : [...auditPath(index - at, right), treeHash(left)];
}

function grown(leaves: readonly string[], prove: (index: number) => boolean = () => false) {
  const tree = new MerkleTree();
  for (const [index, leaf] of leaves.entries()) tree.add(leaf, prove(index));
  return tree.finish();
}

const leavesOf = (constraints: { minLength?: number; maxLength: number }) =>
  fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), constraints);

const someLeaves = leavesOf({ minLength: 1, maxLength: 70 });

/** Leaves, and the index of one of them. */
const placed = someLeaves.chain((leaves) =>
  fc.tuple(fc.constant(leaves), fc.nat({ max: leaves.length - 1 })),
);

const holds = (proof: ProvenLeaf | undefined, tree: { size: number; root: Buffer }): boolean =>
  proof !== undefined && provesInclusion(proof, tree);

describe('the tree', () => {
  test('has the root that RFC 6962 defines, at any size', () => {
    fc.assert(
      fc.property(leavesOf({ maxLength: 130 }), (leaves) => {
        const { root, size } = grown(leaves);
        expect(size).toBe(leaves.length);
        expect(root.equals(treeHash(leaves))).toBe(true);
      }),
    );
  });

  test('has the known hashes of RFC 6962 for no leaf and for an empty one', () => {
    expect(grown([]).root.toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(grown(['']).root.toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });

  test('proves every leaf, by the path that RFC 6962 defines', () => {
    fc.assert(
      fc.property(someLeaves, (leaves) => {
        const tree = grown(leaves, () => true);
        expect(tree.proven.map(({ index }) => index)).toEqual(leaves.map((_, index) => index));
        for (const proof of tree.proven) {
          expect(proof.path.map(String)).toEqual(auditPath(proof.index, leaves).map(String));
          expect(provesInclusion(proof, tree)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('can grow after it was looked at', () => {
    fc.assert(
      fc.property(someLeaves, fc.nat({ max: 70 }), (leaves, cut) => {
        const tree = new MerkleTree();
        for (const [index, leaf] of leaves.entries()) {
          if (index === cut) tree.finish();
          tree.add(leaf, true);
        }
        expect(tree.finish()).toEqual(grown(leaves, () => true));
      }),
    );
  });
});

describe('a change', () => {
  test('of any leaf, their order or their number changes the root', () => {
    fc.assert(
      fc.property(placed, fc.string({ maxLength: 3 }), ([leaves, index], added) => {
        const { root } = grown(leaves);
        const changed = leaves.map((leaf, at) => (at === index ? `${leaf}${added}x` : leaf));
        expect(grown(changed).root.equals(root)).toBe(false);
        expect(grown(leaves.toSpliced(index, 1)).root.equals(root)).toBe(false);
        expect(grown([...leaves, added]).root.equals(root)).toBe(false);
        const other = leaves.findIndex((leaf) => leaf !== leaves[index]);
        if (other >= 0) {
          const swapped = leaves.with(other, leaves[index] ?? '').with(index, leaves[other] ?? '');
          expect(grown(swapped).root.equals(root)).toBe(false);
        }
      }),
    );
  });

  test('of a proof, in any of its parts, is found', () => {
    fc.assert(
      fc.property(placed, fc.nat(), fc.nat(), ([leaves, index], which, bit) => {
        const tree = grown(leaves, (at) => at === index);
        const [proof] = tree.proven;
        expect(holds(proof, tree)).toBe(true);
        if (proof === undefined) return;
        expect(holds({ ...proof, leaf: `${proof.leaf}x` }, tree)).toBe(false);
        expect(holds({ ...proof, path: [...proof.path, tree.root] }, tree)).toBe(false);
        expect(holds({ ...proof, index: leaves.length }, tree)).toBe(false);
        expect(holds(proof, { ...tree, root: flipped(tree.root, bit) })).toBe(false);
        if (proof.path.length === 0) return;
        const at = which % proof.path.length;
        const beside = proof.path[at] ?? tree.root;
        expect(holds({ ...proof, path: proof.path.with(at, flipped(beside, bit)) }, tree)).toBe(false);
        expect(holds({ ...proof, path: proof.path.toSpliced(at, 1) }, tree)).toBe(false);
      }),
    );
  });

  test('a node cannot pass for a leaf, nor a proof for another place', () => {
    const leaves = ['a', 'b', 'c', 'd', 'e'];
    const tree = grown(leaves, (index) => index === 1);
    const [proof] = tree.proven;
    if (proof === undefined) throw new Error('no proof');

    for (const index of [0, 2, 3, 4, -1, 0.5, Number.NaN])
      expect(provesInclusion({ ...proof, index }, tree)).toBe(false);
    expect(grown([treeHash(['a', 'b']).toString('latin1'), 'c']).root).not.toEqual(
      grown(['a', 'b', 'c']).root,
    );
  });
});

function flipped(hash: Buffer, bit: number): Buffer {
  const other = Buffer.from(hash);
  const at = bit % (other.length * 8);
  other[at >> 3] = (other[at >> 3] ?? 0) ^ (1 << (at & 7));
  return other;
}
