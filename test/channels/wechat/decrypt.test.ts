/** AEAD_AES_256_GCM as section 1.8 of the channel's description has it: what is opened, and what is refused. */
import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { open } from '../../../channels/wechat/decrypt.ts';
import type { Sealed } from '../../../channels/wechat/decrypt.ts';

const KEY = Buffer.from('0123456789abcdefghijklmnopqrstuv');
const NONCE = 'fdasflkja484';

function sealWith(
  text: Buffer | string,
  o: { key?: Buffer; nonce?: string; associatedData?: string } = {},
): Sealed {
  const { key = KEY, nonce = NONCE, associatedData = 'refund' } = o;
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.from(nonce));
  cipher.setAAD(Buffer.from(associatedData));
  const sealed = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: sealed.toString('base64'),
    nonce,
    associated_data: associatedData,
  };
}

function whyRefused(sealed: Sealed, key: Buffer = KEY): string {
  try {
    open(sealed, key);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'opened';
}

describe('sealed content', () => {
  test('comes out as it went in, whatever its bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 2_000 }),
        fc.string({ maxLength: 15 }),
        (bytes, ad) => {
          const text = Buffer.from(bytes);

          expect(open(sealWith(text, { associatedData: ad }), KEY).equals(text)).toBe(true);
        },
      ),
    );
  });

  test('Chinese text comes out as it went in', () => {
    expect(open(sealWith('{"user_received_account":"支付用户零钱"}'), KEY).toString()).toBe(
      '{"user_received_account":"支付用户零钱"}',
    );
  });

  test('may have no associated data, be it empty or missing', () => {
    const { algorithm, ciphertext, nonce } = sealWith('{}', { associatedData: '' });

    expect(open({ algorithm, ciphertext, nonce, associated_data: '' }, KEY).toString()).toBe('{}');
    expect(open({ algorithm, ciphertext, nonce }, KEY).toString()).toBe('{}');
  });

  test('of one byte, the least there is (17 bytes with its tag), is opened', () => {
    expect(open(sealWith('x'), KEY).toString()).toBe('x');
  });
});

describe('F35: sealed content is refused', () => {
  const good = sealWith('{"refund_status":"SUCCESS"}');

  test.each(['AEAD_AES_128_GCM', 'aead_aes_256_gcm', 'AEAD_SM4_GCM', 'none', ''])(
    'with the algorithm "%s"',
    (algorithm) => {
      expect(whyRefused({ ...good, algorithm })).toContain('unknown algorithm');
    },
  );

  test.each([0, 16, 24, 31, 33, 64])('with a key of %d bytes', (length) => {
    expect(whyRefused(good, randomBytes(length))).toContain('the APIv3 key is not 32 bytes');
  });

  test.each(['', 'short', 'elevenchars', 'thirteenchars', '汉字汉字汉字汉字汉字汉字'])(
    'with the nonce "%s", which is not 12 bytes',
    (nonce) => {
      expect(whyRefused({ ...good, nonce })).toContain('the nonce is not 12 bytes');
    },
  );

  test('not with a nonce of 12 bytes in fewer characters: bytes count', () => {
    expect(open(sealWith('{}', { nonce: '汉字汉字' }), KEY).toString()).toBe('{}');
  });

  test.each([0, 1, 15, 16])('with %d bytes of ciphertext, tag included', (length) => {
    const ciphertext = randomBytes(length).toString('base64');

    expect(whyRefused({ ...good, ciphertext })).toContain('the ciphertext is too short');
  });

  test('with another key, another nonce or other associated data', () => {
    const spoilt: [Sealed, Buffer][] = [
      [good, randomBytes(32)],
      [{ ...good, nonce: 'fdasflkja485' }, KEY],
      [{ ...good, associated_data: 'certificate' }, KEY],
      [{ ...good, associated_data: '' }, KEY],
    ];

    for (const [sealed, key] of spoilt) expect(whyRefused(sealed, key)).toContain('does not fit its tag');
  });

  test('with any one bit of text or tag changed', () => {
    const bytes = Buffer.from(good.ciphertext, 'base64');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length * 8 - 1 }), (bit) => {
        const spoilt = Buffer.from(bytes);
        spoilt.writeUInt8(spoilt.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);

        expect(whyRefused({ ...good, ciphertext: spoilt.toString('base64') })).toContain(
          'does not fit its tag',
        );
      }),
    );
  });

  test('cut anywhere: no part of it comes out', () => {
    const bytes = Buffer.from(good.ciphertext, 'base64');

    for (let length = 0; length < bytes.length; length += 1) {
      const ciphertext = bytes.subarray(0, length).toString('base64');
      expect(whyRefused({ ...good, ciphertext })).not.toBe('opened');
    }
  });

  test('in a word of the catalogue whatever it holds, and its key is never told', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (ciphertext, nonce, associated) => {
        const why = whyRefused({
          algorithm: 'AEAD_AES_256_GCM',
          ciphertext,
          nonce,
          associated_data: associated,
        });

        expect(why).toMatch(/^callback_undecipherable: /);
        expect(why).not.toContain(KEY.toString());
      }),
    );
  });
});
