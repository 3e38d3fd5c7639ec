/** What a closed day is proven with, away from the books: the file and the public keys. */
import { describe, expect, test } from 'vitest';
import { verifyDayFile } from '../../closing/day-file.ts';
import { dayProof, verifyDayProof } from '../../closing/day-proof.ts';
import { recordHash, signRecord, verifyRecordText } from '../../closing/record.ts';
import { newReceiptKeys, readReceiptKeys } from '../../receipts/receipt-keys.ts';
import { signed as signedReceipt } from '../receipts/signing.ts';
import { DAY_SIGNED, LEAVES, RECORD_KEYS, fileOf, recordOf, treeOf } from './signed-day.ts';

const KEYS = RECORD_KEYS;
const STRANGERS = readReceiptKeys(newReceiptKeys(null, 'test'), 'test');
const RECORD = DAY_SIGNED;

/** In chunks of a size, as a file comes. */
async function* chunks(text: string, size = 7): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text, 'utf8');
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const verdictOn = async (text: string, keys = KEYS, size = 7): Promise<string> =>
  (await verifyDayFile(chunks(text, size), keys.verification)).verdict;

describe('the file of a closed day', () => {
  test.each([1, 7, 64, 10_000])(
    'is genuine, in chunks of %i bytes, with or without its last line feed',
    async (size) => {
      expect(await verdictOn(fileOf(LEAVES), KEYS, size)).toBe('genuine');
      expect(await verdictOn(fileOf(LEAVES).trimEnd(), KEYS, size)).toBe('genuine');
    },
  );

  test.each([
    ['a changed leaf', fileOf(LEAVES.with(1, '{"leaf":"line","line_no":3,"refund_no":"某"}'))],
    ['a leaf that is gone', fileOf(LEAVES.slice(1))],
    ['a leaf too many', fileOf([...LEAVES, '{}'])],
    ['two that changed places', fileOf(LEAVES.with(0, LEAVES[1] ?? '').with(1, LEAVES[0] ?? ''))],
    ['another sum', fileOf(LEAVES, RECORD.replace('"lines":2', '"lines":3'))],
    ['another person', fileOf(LEAVES, RECORD.replace('"by":"bob"', '"by":"eve"'))],
    ['a member twice', fileOf(LEAVES, RECORD.replace('"closing":1', '"closing":2,"closing":1'))],
    ['a blank', fileOf(LEAVES, RECORD.replace('"closing":1', '"closing": 1'))],
  ])('with %s is changed', async (_, text) => {
    expect(await verdictOn(text)).toBe('changed');
  });

  test('under the key of somebody else is of an unknown key', async () => {
    expect(await verdictOn(fileOf(LEAVES), STRANGERS)).toBe('unknown_key');
  });

  test('is no receipt, and a receipt is no closed day, though the keys are the same', async () => {
    expect(await verdictOn(fileOf(LEAVES, signedReceipt().text))).toBe('unreadable');
    const day = recordOf(LEAVES);
    const asDay = signRecord(day, KEYS.signing).replace(/"value":"[^"]+"/, `"value":"${'A'.repeat(86)}"`);
    expect(verifyRecordText(asDay, KEYS.verification).verdict).toBe('changed');
  });

  test.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['JSON', '{}'],
    ['one endless line', 'x'.repeat(1_200_000)],
  ])('that is %s is unreadable', async (_, text) => {
    expect(await verdictOn(text, KEYS, 65_536)).toBe('unreadable');
  });

  test('of a day on which nothing happened is its record alone', async () => {
    expect(await verdictOn(fileOf([], signRecord(recordOf([]), KEYS.signing)))).toBe('genuine');
  });

  test('names the record before it by its hash', () => {
    expect(recordHash(RECORD)).toMatch(/^[0-9a-f]{64}$/);
    expect(recordHash(`${RECORD} `)).not.toBe(recordHash(RECORD));
  });
});

describe('the proof of a refund', () => {
  const proof = dayProof(RECORD, 'R1', treeOf(LEAVES, [0, 2]).proven);
  const check = (of: unknown, keys = KEYS) => verifyDayProof(JSON.stringify(of), keys.verification);

  test('shows its line and its match in the closed day', () => {
    expect(check(proof)).toMatchObject({
      ...{ verdict: 'genuine', refundNo: 'R1', record: { bill_date: '2026-11-24' } },
      leaves: [
        { leaf: 'line', line_no: 2 },
        { leaf: 'match', line_no: 2 },
      ],
    });
  });

  test('of another refund, place, leaf or day is none', () => {
    const [line, match] = proof.leaves;
    expect(check({ ...proof, refund_no: 'R7' })).toMatchObject({ verdict: 'changed' });
    expect(check({ ...proof, leaves: [line] })).toMatchObject({ verdict: 'changed' });
    expect(check({ ...proof, leaves: [{ ...match, index: 1 }] })).toMatchObject({ verdict: 'changed' });
    expect(
      check({ ...proof, leaves: [{ ...match, leaf: match?.leaf.replace('R1', 'R9') }], refund_no: 'R9' }),
    ).toMatchObject({ verdict: 'changed' });
    expect(check({ ...proof, closed_day: { ...proof.closed_day, bill_date: '2026-11-25' } })).toMatchObject({
      verdict: 'changed',
    });
    expect(check(proof, STRANGERS)).toMatchObject({ verdict: 'unknown_key' });
  });

  test.each([[{}], [[]], [null], ['x'], [{ proof: 'yuanlu inclusion proof 1' }]])('%j is no proof', (of) => {
    expect(check(of)).toBeNull();
  });
});
