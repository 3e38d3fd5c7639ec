import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { newReceiptKeys, publishedKeys, readReceiptKeys } from '../../receipts/receipt-keys.ts';

const FILE = 'keys.json';

describe('the keys of receipts', () => {
  const first = newReceiptKeys(null, FILE);
  const second = newReceiptKeys(first, FILE);

  test('are exchanged by putting new ones in front: the new ones sign, the old ones are believed', () => {
    const [old, now] = [readReceiptKeys(first, FILE), readReceiptKeys(second, FILE)];

    expect(now.signing.id).not.toBe(old.signing.id);
    expect(now.verification.map(({ id }) => id)).toEqual([now.signing.id, old.signing.id]);
    expect(now.linkSecrets.slice(1)).toEqual(old.linkSecrets);
  });

  test('are published as JSON Web Keys, without anything that signs', () => {
    const { keys } = publishedKeys(readReceiptKeys(second, FILE));

    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
      expect(createPublicKey({ key: { ...key }, format: 'jwk' }).asymmetricKeyType).toBe('ed25519');
    }
  });

  test('have the thumbprint of RFC 7638 as their id: the example of RFC 8037', () => {
    const file = JSON.parse(first) as Record<string, unknown>;
    const retired = { ...file, retired_public_keys: ['11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'] };

    expect(readReceiptKeys(JSON.stringify(retired), FILE).verification.at(-1)?.id).toBe(
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    );
  });

  test.each<[string, (file: Record<string, unknown>) => unknown]>([
    ['no JSON', () => '{'],
    ['no secret for links', (file) => ({ ...file, link_secrets: [] })],
    ['a secret that can be guessed', (file) => ({ ...file, link_secrets: ['c2hvcnQ'] })],
    ['no key that signs', (file) => ({ ...file, signing_keys: [] })],
    ['a key of another kind', (file) => ({ ...file, signing_keys: [rsaKey()] })],
    ['a key that is none', (file) => ({ ...file, signing_keys: ['AAAA'] })],
    ['a retired key that is none', (file) => ({ ...file, retired_public_keys: ['AAAA'] })],
    ['the same key twice', (file) => ({ ...file, signing_keys: [...keysOf(file), ...keysOf(file)] })],
    ['a member that nobody reads', (file) => ({ ...file, signing_key: 'x' })],
  ])('are refused with %s, and no key is told', (_what, spoil) => {
    const file = JSON.parse(first) as Record<string, unknown>;
    const spoilt = spoil(file);
    const text = typeof spoilt === 'string' ? spoilt : JSON.stringify(spoilt);

    expect(() => readReceiptKeys(text, FILE)).toThrow('config_invalid');
    try {
      readReceiptKeys(text, FILE);
    } catch (error) {
      expect(JSON.stringify(error)).not.toContain(keysOf(file)[0]);
    }
  });
});

function keysOf(file: Record<string, unknown>): string[] {
  return file['signing_keys'] as string[];
}

function rsaKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url');
}
