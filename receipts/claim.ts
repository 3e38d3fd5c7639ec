/**
 * What a receipt claims, short enough for a QR code and under a signature of its own: whoever scans a paper reads what was
 * signed, and compares it with what is printed. Looked up nowhere: the code itself is the evidence.
 *
 * Version 1, key id 6 (of its thumbprint), as-of 4 (seconds), amount 8 (fen), phase 1 (late: 128), receipt number 8, refund
 * number up to 64, signature 64.
 */
import { sign, verify } from 'node:crypto';
import type { Phase } from '../domain/receipt/phase.ts';
import { PHASES } from '../domain/receipt/phase.ts';
import type { SigningKey, VerificationKey } from './receipt-keys.ts';
import type { SignedReceipt } from './signed-receipt.ts';
import { receiptNoBytes, receiptNoOfHash } from './signed-receipt.ts';

const PURPOSE = Buffer.from('yuanlu receipt claim 1\n', 'latin1');
const VERSION = 1;
const KEY_ID_BYTES = 6;
const HEAD_BYTES = 1 + KEY_ID_BYTES + 4 + 8 + 1 + 8;
const REFUND_NO_BYTES_MAX = 64;
const SIGNATURE_BYTES = 64;
const LATE = 0x80;

/** The longest there can be, as it stands in an address. */
export const CLAIM_LENGTH_MAX = Math.ceil(((HEAD_BYTES + REFUND_NO_BYTES_MAX + SIGNATURE_BYTES) * 4) / 3);

export interface Claim {
  readonly refundNo: string;
  readonly amountMinor: bigint;
  readonly phase: Phase;
  readonly late: boolean;
  readonly asOf: Date;
  readonly receiptNo: string;
}

export function makeClaim({ receipt, receiptNo }: SignedReceipt, key: SigningKey): string {
  const refundNo = Buffer.from(receipt.refund.refund_no, 'utf8');
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = VERSION;
  keyIdBytes(key).copy(head, 1);
  head.writeUInt32BE(Date.parse(receipt.as_of.at) / 1_000, 1 + KEY_ID_BYTES);
  head.writeBigUInt64BE(BigInt(receipt.refund.amount_minor), 5 + KEY_ID_BYTES);
  head[13 + KEY_ID_BYTES] = PHASES.indexOf(receipt.state.phase) + (receipt.state.late ? LATE : 0);
  receiptNoBytes(receiptNo).copy(head, 14 + KEY_ID_BYTES);
  const signed = Buffer.concat([head, refundNo]);
  const signature = sign(null, Buffer.concat([PURPOSE, signed]), key.privateKey);
  return Buffer.concat([signed, signature]).toString('base64url');
}

/** What was signed; null for anything that was not signed with one of the keys. */
export function readClaim(text: string, keys: readonly VerificationKey[]): Claim | null {
  if (text.length > CLAIM_LENGTH_MAX || !/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length <= HEAD_BYTES + SIGNATURE_BYTES || bytes[0] !== VERSION) return null;
  const signed = bytes.subarray(0, -SIGNATURE_BYTES);
  const keyId = bytes.subarray(1, 1 + KEY_ID_BYTES);
  const key = keys.find((one) => keyIdBytes(one).equals(keyId));
  if (key === undefined) return null;
  const good = verify(null, Buffer.concat([PURPOSE, signed]), key.key, bytes.subarray(-SIGNATURE_BYTES));
  return good ? claimOf(signed) : null;
}

function claimOf(signed: Buffer): Claim | null {
  const standing = signed[13 + KEY_ID_BYTES] ?? 0;
  const phase = PHASES[standing & ~LATE];
  if (phase === undefined) return null;
  return {
    refundNo: signed.subarray(HEAD_BYTES).toString('utf8'),
    amountMinor: signed.readBigUInt64BE(5 + KEY_ID_BYTES),
    phase,
    late: (standing & LATE) !== 0,
    asOf: new Date(signed.readUInt32BE(1 + KEY_ID_BYTES) * 1_000),
    receiptNo: receiptNoOfHash(signed.subarray(14 + KEY_ID_BYTES, HEAD_BYTES)),
  };
}

function keyIdBytes({ id }: VerificationKey): Buffer {
  return Buffer.from(id, 'base64url').subarray(0, KEY_ID_BYTES);
}
