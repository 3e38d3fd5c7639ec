/** Checks a proof pack without a network: its signed list, every file against it, and the receipts in it against each other. */
import type { Receipt } from '../domain/receipt/receipt.ts';
import { MANIFEST, MANIFEST_SIGNATURE, hashOf, readManifest, verifyManifest } from './manifest.ts';
import { filesInZip, isZip } from './pack-files.ts';
import type { VerificationKey } from './receipt-keys.ts';
import type { Verdict } from './signed-receipt.ts';
import { verifyFile } from './verify-file.ts';

/** What is wrong with one file of a pack. */
export interface PackFault {
  readonly file: string;
  /** `differs`: good for itself, and of another receipt or under another key than the pack. */
  readonly fault: 'changed' | 'missing' | 'added' | 'differs';
}

export type PackVerdict =
  | {
      readonly verdict: 'genuine';
      readonly receipt: Receipt;
      readonly receiptNo: string;
      readonly keyId: string;
      /** How many, the list and its signature included. */
      readonly files: number;
    }
  | { readonly verdict: 'changed'; readonly why: string; readonly faults: readonly PackFault[] }
  | { readonly verdict: 'unknown_key'; readonly keyId: string }
  | { readonly verdict: 'unreadable'; readonly why: string };

/** The files that are receipts themselves. */
const RECEIPTS = ['receipt.json', 'receipt.zh-CN.pdf', 'receipt.en.pdf'] as const;

/** Whatever of ours somebody may hold: a receipt file, a paper, or a whole pack. */
export async function verifyHeld(
  bytes: Buffer,
  keys: readonly VerificationKey[],
): Promise<Verdict | PackVerdict> {
  return isZip(bytes) ? verifyPack(bytes, keys) : verifyFile(bytes, keys);
}

/** Every file that is wrong is named, not only the first. Keys in the pack decide nothing. */
export async function verifyPack(bytes: Buffer, keys: readonly VerificationKey[]): Promise<PackVerdict> {
  const files = await filesInZip(bytes);
  if (files === null) return { verdict: 'unreadable', why: 'it is no proof pack, or a damaged one' };
  const manifest = files.get(MANIFEST);
  const signature = files.get(MANIFEST_SIGNATURE);
  if (manifest === undefined)
    return { verdict: 'unreadable', why: `there is no ${MANIFEST} in it: it is no proof pack` };
  const listed = readManifest(manifest);
  if (listed === null)
    return {
      ...{ verdict: 'changed', why: 'its list of files is not written as it was issued' },
      faults: [{ file: MANIFEST, fault: 'changed' }],
    };
  const faults = [...faultsOf(files, listed)];
  if (signature === undefined)
    return {
      ...{ verdict: 'changed', why: 'the signature of its list of files is missing' },
      faults: [{ file: MANIFEST_SIGNATURE, fault: 'missing' }, ...faults],
    };
  const signed = verifyManifest(manifest, signature, keys);
  if (signed.verdict === 'unknown_key') return signed;
  if (signed.verdict === 'changed')
    return {
      ...{ verdict: 'changed', why: 'the signature does not fit its list of files' },
      faults: [{ file: MANIFEST, fault: 'changed' }, ...faults],
    };
  if (faults.length > 0) return { verdict: 'changed', why: 'files are not those that were issued', faults };
  return verifyReceipts(files, signed.keyId, keys);
}

function* faultsOf(
  files: ReadonlyMap<string, Buffer>,
  listed: ReadonlyMap<string, string>,
): Generator<PackFault> {
  for (const [file, hash] of listed) {
    const bytes = files.get(file);
    if (bytes === undefined) yield { file, fault: 'missing' };
    else if (hashOf(bytes) !== hash) yield { file, fault: 'changed' };
  }
  for (const file of files.keys())
    if (!listed.has(file) && file !== MANIFEST && file !== MANIFEST_SIGNATURE) yield { file, fault: 'added' };
}

/** The list is as it was signed; what it lists must also be receipts, and all of them the same one. */
function verifyReceipts(
  files: ReadonlyMap<string, Buffer>,
  keyId: string,
  keys: readonly VerificationKey[],
): PackVerdict {
  const verdicts = RECEIPTS.map((file) => ({
    file,
    found: verifyFile(files.get(file) ?? Buffer.alloc(0), keys),
  }));
  const [first] = verdicts;
  if (first?.found.verdict !== 'genuine')
    return {
      ...{ verdict: 'changed', why: 'the receipt in it is not genuine' },
      faults: [{ file: RECEIPTS[0], fault: 'changed' }],
    };
  const { receipt, receiptNo } = first.found;
  const others = verdicts.filter(
    ({ found }) => found.verdict !== 'genuine' || found.receiptNo !== receiptNo || found.keyId !== keyId,
  );
  if (others.length > 0)
    return {
      ...{ verdict: 'changed', why: 'its receipts are not one and the same, under the key of the pack' },
      faults: others.map(({ file }) => ({ file, fault: 'differs' as const })),
    };
  return { verdict: 'genuine', receipt, receiptNo, keyId, files: files.size };
}
