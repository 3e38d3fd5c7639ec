/**
 * That a refund stood in a closed day: its leaves, each with the hashes beside its way to the root, and the signed record that
 * the root is in. Small, and checked with the public keys alone.
 */
import { z } from 'zod';
import { parseJson } from '../domain/receipt/canonical-json.ts';
import type { VerificationKey } from '../receipts/receipt-keys.ts';
import type { ProvenLeaf } from './merkle.ts';
import { provesInclusion } from './merkle.ts';
import type { RecordVerdict } from './record.ts';
import { signedRecordSchema, verifyRecord } from './record.ts';

const PROOF_VERSION = 'yuanlu inclusion proof 1';

/** A refund has a match, its line, and a few breaks; a path is as long as the tree is high. */
const LEAVES_MAX = 200;
const PATH_MAX = 64;

export const proofSchema = signedRecordSchema.extend({
  proof: z.literal(PROOF_VERSION),
  refund_no: z.string().min(1).max(64),
  leaves: z
    .array(
      z.strictObject({
        index: z.int().min(0),
        leaf: z.string(),
        path: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(PATH_MAX),
      }),
    )
    .min(1)
    .max(LEAVES_MAX),
});

type DayProof = z.infer<typeof proofSchema>;

/** @param record the signed record, to the byte */
export function dayProof(record: string, refundNo: string, proven: readonly ProvenLeaf[]): DayProof {
  const leaves = proven.map(({ index, leaf, path }) => ({
    ...{ index, leaf, path: path.map((hash) => hash.toString('hex')) },
  }));
  const signed = signedRecordSchema.parse(JSON.parse(record));
  return { proof: PROOF_VERSION, refund_no: refundNo, leaves, ...signed };
}

export type ProofVerdict =
  | Exclude<RecordVerdict, { verdict: 'genuine' }>
  | (Extract<RecordVerdict, { verdict: 'genuine' }> & {
      readonly refundNo: string;
      /** What the day says of the refund: its line, its match, its breaks. */
      readonly leaves: readonly Readonly<Record<string, unknown>>[];
    });

/** Null where the text is no proof at all, so that it may be something else. */
export function verifyDayProof(text: string, keys: readonly VerificationKey[]): ProofVerdict | null {
  const parsed = proofSchema.safeParse(parseJson(text));
  if (!parsed.success) return null;
  const { closed_day, signature, leaves, refund_no: refundNo } = parsed.data;
  const verdict = verifyRecord({ closed_day, signature }, keys);
  if (verdict.verdict !== 'genuine') return verdict;
  const { size, root } = verdict.record.tree;
  const tree = { size, root: Buffer.from(root, 'hex') };
  const proven = leaves.map(({ index, leaf, path }) => ({
    ...{ index, leaf, path: path.map((hash) => Buffer.from(hash, 'hex')) },
  }));
  if (!proven.every((one) => provesInclusion(one, tree)))
    return { verdict: 'changed', why: 'a leaf is not in the day that was closed' };
  const said = proven.map(({ leaf }) => membersOf(leaf));
  if (!speaksOf(refundNo, said)) return { verdict: 'changed', why: `none of it is about refund ${refundNo}` };
  return { ...verdict, refundNo, leaves: said };
}

function membersOf(leaf: string): Record<string, unknown> {
  const members = parseJson(leaf);
  return typeof members === 'object' && members !== null ? (members as Record<string, unknown>) : {};
}

/** A match or a break that names it. A line alone may name a refund of somebody else's. */
function speaksOf(refundNo: string, leaves: readonly Readonly<Record<string, unknown>>[]): boolean {
  return leaves.some((leaf) => leaf['refund_no'] === refundNo && leaf['leaf'] !== 'line');
}
