/** A closed day of four leaves, signed, and its file. */
import type { FinishedTree } from '../../closing/merkle.ts';
import { MerkleTree } from '../../closing/merkle.ts';
import type { DayRecord } from '../../closing/record.ts';
import { RECORD_VERSION, signRecord } from '../../closing/record.ts';
import { newReceiptKeys, readReceiptKeys } from '../../receipts/receipt-keys.ts';

export const RECORD_KEYS = readReceiptKeys(newReceiptKeys(null, 'test'), 'test');

export const LEAVES = [
  '{"leaf":"line","line_no":2,"refund_no":"R1"}',
  '{"leaf":"line","line_no":3,"refund_no":"某单"}',
  '{"leaf":"match","line_no":2,"refund_no":"R1"}',
  '{"id":"4","leaf":"break","refund_no":"R7"}',
];

export function treeOf(leaves: readonly string[], prove: readonly number[] = []): FinishedTree {
  const tree = new MerkleTree();
  for (const [index, leaf] of leaves.entries()) tree.add(leaf, prove.includes(index));
  return tree.finish();
}

export function recordOf(leaves: readonly string[]): DayRecord {
  const { root, size } = treeOf(leaves);
  const act = { by: 'alice', at: '2026-11-26T01:00:00.000Z', reason: 'all agrees' };
  return {
    ...{ version: RECORD_VERSION, merchant_id: 'm1', account_id: 'wx-1', channel: 'wechat' },
    ...{ bill_date: '2026-11-24', closing: 1, closed_at: '2026-11-26T02:00:00.000Z', approval_id: '3' },
    ...{ asked: act, approved: { ...act, by: 'bob' }, statements: [], accepted: [], previous: null },
    tree: {
      ...{ hash: 'RFC 6962 SHA-256', size, root: root.toString('hex'), lines: 2, matches: 1, breaks: 1 },
    },
  };
}

export const DAY_SIGNED = signRecord(recordOf(LEAVES), RECORD_KEYS.signing);

export const fileOf = (leaves: readonly string[], record = DAY_SIGNED): string =>
  `${[record, ...leaves].join('\n')}\n`;
