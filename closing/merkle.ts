/**
 * Merkle trees as RFC 6962 §2.1 (and RFC 9162 §2.1) has them: SHA-256, a leaf is hashed behind a zero byte and a node behind a
 * one, and the left side of a node is the largest power of two that leaves something for the right. Built leaf by leaf: what is
 * kept is one hash for each complete subtree, so that a tree of millions of leaves takes a few hundred bytes.
 */
import { hash } from 'node:crypto';
import { invariant } from '../domain/errors.ts';

/** Bytes of a hash. */
const HASH_BYTES = 32;

const NODE = Buffer.from([1]);

/** The hash of a leaf: no leaf can pass for a node. */
function leafHash(leaf: string): Buffer {
  return hash('sha256', `\u0000${leaf}`, 'buffer');
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return hash('sha256', Buffer.concat([NODE, left, right], 1 + 2 * HASH_BYTES), 'buffer');
}

/** A leaf whose place is to be proven: the hashes beside its way to the root, from the leaf up. */
export interface ProvenLeaf {
  readonly index: number;
  readonly leaf: string;
  readonly path: readonly Buffer[];
}

export interface FinishedTree {
  readonly root: Buffer;
  readonly size: number;
  readonly proven: readonly ProvenLeaf[];
}

interface Watched {
  readonly index: number;
  readonly leaf: string;
  readonly path: Buffer[];
}

/** The root of a complete subtree, and what is to be proven of it. */
interface Peak {
  readonly size: number;
  readonly hash: Buffer;
  readonly watched: readonly Watched[];
}

export class MerkleTree {
  /** From left to right, each smaller than the one before: the binary digits of the size. */
  readonly #peaks: Peak[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds the next leaf; `prove` asks for the proof of its place. */
  add(leaf: string, prove = false): void {
    const watched = prove ? [{ index: this.#size, leaf, path: [] }] : NOTHING;
    let peak: Peak = { size: 1, hash: leafHash(leaf), watched };
    for (let left = this.#peaks.at(-1); left?.size === peak.size; left = this.#peaks.at(-1)) {
      this.#peaks.pop();
      peak = joined(left, peak);
    }
    this.#peaks.push(peak);
    this.#size += 1;
  }

  /** Of what was added so far; more may be added afterwards. The root of no leaves is the hash of nothing. */
  finish(): FinishedTree {
    const proven: ProvenLeaf[] = [];
    let root: Buffer | null = null;
    for (let at = this.#peaks.length - 1; at >= 0; at -= 1) {
      const peak = this.#peaks[at];
      invariant(peak !== undefined, 'a tree has the peaks that were counted');
      const above = [...(root === null ? [] : [root]), ...this.#leftOf(at)];
      for (const { index, leaf, path } of peak.watched)
        proven.push({ index, leaf, path: [...path, ...above] });
      root = root === null ? peak.hash : nodeHash(peak.hash, root);
    }
    proven.sort((one, other) => one.index - other.index);
    return { root: root ?? hash('sha256', '', 'buffer'), size: this.#size, proven };
  }

  /** The peaks left of this one, the nearest first. */
  #leftOf(at: number): Buffer[] {
    return this.#peaks
      .slice(0, at)
      .map((peak) => peak.hash)
      .reverse();
  }
}

const NOTHING: readonly Watched[] = [];

function joined(left: Peak, right: Peak): Peak {
  for (const { path } of left.watched) path.push(right.hash);
  for (const { path } of right.watched) path.push(left.hash);
  const watched =
    left.watched.length + right.watched.length === 0 ? NOTHING : [...left.watched, ...right.watched];
  return { size: left.size + right.size, hash: nodeHash(left.hash, right.hash), watched };
}

/** Whether the leaf is at its place in the tree of this root (RFC 9162 §2.1.3.2). Takes whatever a stranger may have written. */
export function provesInclusion(
  { index, leaf, path }: ProvenLeaf,
  tree: { readonly size: number; readonly root: Buffer },
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(tree.size) || index < 0 || index >= tree.size)
    return false;
  let place = index;
  let last = tree.size - 1;
  let seen = leafHash(leaf);
  for (const beside of path) {
    if (last === 0 || beside.length !== HASH_BYTES) return false;
    if (place % 2 === 1 || place === last) {
      seen = nodeHash(beside, seen);
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      seen = nodeHash(seen, beside);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && seen.equals(tree.root);
}

/** Sizes may be over 2^32: no bit operators. */
function half(value: number): number {
  return Math.floor(value / 2);
}
