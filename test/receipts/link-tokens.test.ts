import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linkTokens } from '../../receipts/link-tokens.ts';

const SECRET = randomBytes(32);
const HANDLE = randomBytes(16);
const NOW = new Date('2026-11-24T02:30:00Z');
const LATER = new Date('2027-02-22T02:30:00Z');

describe('the token of a receipt link', () => {
  const tokens = linkTokens([SECRET]);
  const token = tokens.make(HANDLE, LATER);

  test('opens to its handle and fits an address', () => {
    expect(tokens.open(token, NOW)).toEqual(HANDLE);
    expect(token).toMatch(/^[A-Za-z0-9_-]{55}$/);
  });

  test('does not open from the second of its expiry on', () => {
    expect(tokens.open(token, new Date(LATER.getTime() - 1))).toEqual(HANDLE);
    expect(tokens.open(token, LATER)).toBeNull();
  });

  test('does not open with any letter changed, also where the letter stands for nothing', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (let at = 0; at < token.length; at += 1)
      for (const letter of alphabet)
        if (letter !== token[at])
          expect(tokens.open(token.slice(0, at) + letter + token.slice(at + 1), NOW)).toBeNull();
  });

  test('does not open for whoever knows how it is built, but not the secret', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (mac) => {
        const forged = Buffer.from(token, 'base64url');
        forged.set(mac, forged.length - 16);
        expect(tokens.open(forged.toString('base64url'), NOW)).toBeNull();
      }),
    );
    expect(tokens.open(linkTokens([randomBytes(32)]).make(HANDLE, LATER), NOW)).toBeNull();
  });

  test.each([
    [
      '',
      ' ',
      '../../etc/passwd',
      'A'.repeat(55),
      'A'.repeat(100_000),
      `${token}=`,
      `${token} `,
      `${token}\r\nX: y`,
    ],
  ])('opens to nothing for other texts', (...texts) => {
    for (const text of texts) expect(tokens.open(text, NOW)).toBeNull();
  });

  test('opens after new secrets came in front, and no more when its own has gone', () => {
    const next = randomBytes(32);

    expect(linkTokens([next, SECRET]).open(token, NOW)).toEqual(HANDLE);
    expect(linkTokens([next, SECRET]).make(HANDLE, LATER)).toBe(linkTokens([next]).make(HANDLE, LATER));
    expect(linkTokens([next]).open(token, NOW)).toBeNull();
  });
});
