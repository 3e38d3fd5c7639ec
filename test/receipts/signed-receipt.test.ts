import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../domain/receipt/canonical-json.ts';
import { makeClaim, readClaim } from '../../receipts/claim.ts';
import { verifyReceipt } from '../../receipts/signed-receipt.ts';
import { KEYS, OTHER_KEYS, signed } from './signing.ts';

const receipt = signed();
const keys = KEYS.verification;

describe('a signed receipt', () => {
  test('is genuine as it was issued, with the number that stands on paper', () => {
    expect(verifyReceipt(receipt.text, keys)).toEqual({
      verdict: 'genuine',
      receipt: JSON.parse(canonicalJson(receipt.receipt)) as unknown,
      receiptNo: receipt.receiptNo,
      keyId: KEYS.signing.id,
    });
    expect(receipt.receiptNo).toMatch(/^YL(-[0-9A-F]{4}){4}$/);
  });

  test('is the same to the byte whenever it is made from the same evidence', () => {
    expect(signed().text).toBe(receipt.text);
  });

  test('is signed as canonical JSON of its whole envelope', () => {
    expect(canonicalJson(JSON.parse(receipt.text))).toBe(receipt.text);
  });

  test.each<[string, (text: string) => string]>([
    ['another amount', (text) => text.replace('"128.00"', '"1280.00"')],
    ['another name', (text) => text.replace('示例点卡店', '别的店')],
    ['a later promise', (text) => text.replaceAll('2026-11-28', '2026-12-28')],
    ['a member more', (text) => text.replace('{"receipt":{', '{"receipt":{"aaa":1,')],
    ['a member less', (text) => text.replace(/"currency":"CNY",?/, '')],
    [
      'a member twice, the last one as signed',
      (text) => text.replace('"amount":"128.00"', '"amount":"1.00","amount":"128.00"'),
    ],
    ['blanks between members', (text) => JSON.stringify(JSON.parse(text), null, 2)],
    ['a letter written as an escape', (text) => text.replace('示', '\\u793a')],
  ])('is refused with %s', (_what, spoil) => {
    const spoilt = spoil(receipt.text);

    expect(spoilt).not.toBe(receipt.text);
    expect(verifyReceipt(spoilt, keys).verdict).toBe('changed');
  });

  test('is refused with any one letter of its signature changed', () => {
    const at = receipt.text.indexOf('"value":"') + '"value":"'.length;
    for (let index = at; index < at + 86; index += 1) {
      const other = receipt.text[index] === 'A' ? 'B' : 'A';
      expect(
        verifyReceipt(receipt.text.slice(0, index) + other + receipt.text.slice(index + 1), keys).verdict,
      ).not.toBe('genuine');
    }
  });

  test('is refused with the signature of another receipt', () => {
    const other = JSON.parse(signed({ amountMinor: 1n }).text) as { signature: unknown };
    const mixed = { ...(JSON.parse(receipt.text) as object), signature: other.signature };

    expect(verifyReceipt(canonicalJson(mixed), keys).verdict).toBe('changed');
  });

  test('says that the key is unknown when it is signed with another', () => {
    expect(verifyReceipt(receipt.text, OTHER_KEYS.verification)).toEqual({
      verdict: 'unknown_key',
      keyId: KEYS.signing.id,
    });
  });

  test.each([
    ['', 'null', '[]', '{}', 'not json', '{"receipt":{},"signature":{}}', `{"receipt":${'['.repeat(50_000)}`],
    ['{"__proto__":{"receipt":1}}', 'A'.repeat(1_000_000), '\u0000', `[${receipt.text}]`],
  ])('is nothing but unreadable where it is no receipt', (...texts) => {
    for (const text of texts) expect(verifyReceipt(text, keys).verdict).toBe('unreadable');
  });

  test('is refused, not fallen over, when it is nested too deep', () => {
    const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    const text = receipt.text.replace('"receipt":{', `"receipt":{"aaa":${deep},`);

    expect(['changed', 'unreadable']).toContain(verifyReceipt(text, keys).verdict);
  });
});

describe('the claim in a QR code', () => {
  test('says what the receipt says', () => {
    expect(readClaim(makeClaim(receipt, KEYS.signing), keys)).toEqual({
      refundNo: 'R20261124000000000001',
      amountMinor: 12_800n,
      phase: 'accepted',
      late: false,
      asOf: new Date('2026-11-24T10:00:02+08:00'),
      receiptNo: receipt.receiptNo,
    });
  });

  test('keeps lateness, phase and the longest number', () => {
    const refundNo = 'R'.repeat(64);
    const late = signed({ refundNo, overdueLevel: 1, amountMinor: 2n ** 53n - 1n });

    expect(readClaim(makeClaim(late, KEYS.signing), keys)).toMatchObject({
      ...{ refundNo, late: true, phase: 'accepted', amountMinor: 2n ** 53n - 1n },
    });
  });

  test('is believed with no bit changed', () => {
    const bytes = Buffer.from(makeClaim(receipt, KEYS.signing), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readClaim(changed.toString('base64url'), keys)).toBeNull();
    }
  });

  test('is not believed from another key, cut, or made up', () => {
    const claim = makeClaim(receipt, KEYS.signing);

    expect(readClaim(claim, OTHER_KEYS.verification)).toBeNull();
    for (const text of ['', 'AA', claim.slice(0, -2), `${claim}AA`, 'A'.repeat(100_000), `${claim}<script>`])
      expect(readClaim(text, keys)).toBeNull();
  });
});
