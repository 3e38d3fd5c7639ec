/** Who signed what, and when: the rules of answers and callbacks, without a network. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSignature, verifyMessage } from '../../../channels/wechat/verification.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const SERIAL = '5157F09EFDC096DE15EBE81A47057A7232F1B8E1';
const SIGNED_AT = 1_795_487_400;
const NONCE = 'c5ac7061fccab6bf3e254dcf98995b8c';

/** The text of the document, put together by hand: three lines, each with its LF. */
function signatureOver(text: string, key: KeyObject = privateKey): string {
  return sign('RSA-SHA256', Buffer.from(text), key).toString('base64');
}

function signedHeaders(body: string): Record<string, string> {
  return {
    'wechatpay-timestamp': String(SIGNED_AT),
    'wechatpay-nonce': NONCE,
    'wechatpay-serial': SERIAL,
    'wechatpay-signature': signatureOver(`${String(SIGNED_AT)}\n${NONCE}\n${body}\n`),
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

async function verdictOn(
  body: string | Buffer,
  headers: Readonly<Record<string, string | undefined>>,
  atMs = SIGNED_AT * 1_000,
): Promise<{ code: string; asked: string[] }> {
  const asked: string[] = [];
  const find = (serial: string): Promise<KeyObject | undefined> => {
    asked.push(serial);
    return Promise.resolve(serial === SERIAL ? publicKey : undefined);
  };
  const message = { header: (name: string) => headers[name], body: Buffer.from(body) };
  const verdict = await verifyMessage(message, { find }, new Date(atMs));
  return { code: verdict.genuine ? 'genuine' : verdict.code, asked };
}

const BODY = '{"code" : "SUCCESS",\n "text":"退款\\/成功"}';

describe('a signed message', () => {
  test.each([
    ['JSON with odd spacing, escapes and Chinese text', BODY],
    ['nothing, as with HTTP 204', ''],
    ['a line feed at its end', '{}\n'],
    ['CR LF inside', '{\r\n}'],
    ['no JSON at all', 'OK'],
  ])('is genuine over %s', async (_what, body) => {
    expect(await verdictOn(body, signedHeaders(body))).toEqual({ code: 'genuine', asked: [SERIAL] });
  });

  test('is verified over bytes, which need not be UTF-8', async () => {
    const body = Buffer.from([0xff, 0x00, 0x80, 0x0a]);
    const text = Buffer.concat([Buffer.from(`${String(SIGNED_AT)}\n${NONCE}\n`), body, Buffer.from('\n')]);
    const signature = sign('RSA-SHA256', text, privateKey).toString('base64');

    const verdict = await verdictOn(body, { ...signedHeaders(''), 'wechatpay-signature': signature });

    expect(verdict.code).toBe('genuine');
  });

  test('I15: with any one bit of its body changed it is not genuine', async () => {
    const headers = signedHeaders(BODY);
    const bits = Buffer.byteLength(BODY) * 8;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bits - 1 }), async (bit) => {
        const body = Buffer.from(BODY);
        body.writeUInt8(body.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);

        expect((await verdictOn(body, headers)).code).toBe('callback_signature_invalid');
      }),
    );
  });

  test('I15: cut or lengthened it is not genuine', async () => {
    const headers = signedHeaders(BODY);

    for (const body of [
      BODY.slice(0, -1),
      `${BODY}\n`,
      `${BODY} `,
      ` ${BODY}`,
      '',
      JSON.stringify(JSON.parse(BODY)),
    ])
      expect((await verdictOn(body, headers)).code).toBe('callback_signature_invalid');
  });

  test('cannot be passed on under a later time, even by one second', async () => {
    const headers = { ...signedHeaders(BODY), 'wechatpay-timestamp': String(SIGNED_AT + 1) };

    expect((await verdictOn(BODY, headers)).code).toBe('callback_signature_invalid');
  });

  test('cannot have its lines shifted: what was nonce is not read as body', async () => {
    const shifted = { ...signedHeaders(BODY), 'wechatpay-nonce': `${NONCE}\n{}` };

    expect((await verdictOn(BODY, shifted)).code).toBe('callback_signature_invalid');
  });
});

describe('F35: a message without what it needs', () => {
  test.each(['timestamp', 'nonce', 'serial', 'signature'])(
    'lacks %s: refused, and no key is asked for',
    async (name) => {
      const headers = { ...signedHeaders(BODY), [`wechatpay-${name}`]: undefined };

      expect(await verdictOn(BODY, headers)).toEqual({ code: 'callback_unsigned', asked: [] });
    },
  );

  test('lacks only the type of its signature: there is one type, so that is no matter', async () => {
    const headers = { ...signedHeaders(BODY), 'wechatpay-signature-type': undefined };

    expect((await verdictOn(BODY, headers)).code).toBe('genuine');
  });

  test.each([
    '',
    ' ',
    'now',
    '1795487400.0',
    '1.7954874e9',
    '0x6b04cbe8',
    '-1795487400',
    '+1795487400',
    '１７９５',
    '1795487400 ',
    'Infinity',
    '1'.repeat(13),
  ])('has the timestamp "%s", which is no whole number of seconds', async (timestamp) => {
    const headers = { ...signedHeaders(BODY), 'wechatpay-timestamp': timestamp };

    expect(await verdictOn(BODY, headers)).toEqual({ code: 'callback_unsigned', asked: [] });
  });
});

describe('F35: the window of 300 seconds', () => {
  test.each([
    [-300_000, 'genuine'],
    [-299_999, 'genuine'],
    [0, 'genuine'],
    [299_999, 'genuine'],
    [300_000, 'genuine'],
    [300_001, 'callback_stale'],
    [-300_001, 'callback_stale'],
    [86_400_000, 'callback_stale'],
    [-86_400_000, 'callback_stale'],
  ])('read %d ms after it was signed it is %s', async (afterMs, code) => {
    expect((await verdictOn(BODY, signedHeaders(BODY), SIGNED_AT * 1_000 + afterMs)).code).toBe(code);
  });

  test('a stale message asks for no key, so that old ones cannot make us call the channel', async () => {
    expect((await verdictOn(BODY, signedHeaders(BODY), SIGNED_AT * 1_000 + 301_000)).asked).toEqual([]);
  });
});

describe('F4 F35: a signature that must fail', () => {
  test('the channel’s probe fails, and asks for no key', async () => {
    const genuine = signedHeaders(BODY)['wechatpay-signature'] ?? '';

    for (const signature of ['WECHATPAY/SIGNTEST/', `WECHATPAY/SIGNTEST/${genuine}`]) {
      const headers = { ...signedHeaders(BODY), 'wechatpay-signature': signature };
      expect(await verdictOn(BODY, headers)).toEqual({ code: 'callback_signature_invalid', asked: [] });
    }
  });

  test('a serial that nobody knows is unknown, which is not the same as a forgery', async () => {
    const headers = { ...signedHeaders(BODY), 'wechatpay-serial': 'FFFF' };

    expect(await verdictOn(BODY, headers)).toEqual({ code: 'callback_key_unknown', asked: ['FFFF'] });
  });

  test('an overlong serial is not repeated in full', async () => {
    const headers = { ...signedHeaders(BODY), 'wechatpay-serial': 'F'.repeat(5_000) };
    const message = {
      header: (name: string) => (headers as Record<string, string>)[name],
      body: Buffer.from(BODY),
    };

    const verdict = await verifyMessage(
      message,
      { find: () => Promise.resolve(undefined) },
      new Date(SIGNED_AT * 1_000),
    );

    expect(verdict.genuine ? '' : verdict.why.length).toBeLessThan(100);
  });

  test('another key under our channel’s serial is a forgery', async () => {
    const text = `${String(SIGNED_AT)}\n${NONCE}\n${BODY}\n`;
    const headers = {
      ...signedHeaders(BODY),
      'wechatpay-signature': signatureOver(text, stranger.privateKey),
    };

    expect((await verdictOn(BODY, headers)).code).toBe('callback_signature_invalid');
  });

  test('the same text under another hash is no signature', () => {
    const text = Buffer.from('text');
    const sha1 = sign('RSA-SHA1', text, privateKey).toString('base64');

    expect(isSignature(text, sha1, publicKey)).toBe(false);
  });

  test.each(['', '=', '====', 'a b', '签名', 'abc\n', '%2B', '-_-_', 'A'])(
    '"%s" is no base64 and no signature',
    (signature) => {
      expect(isSignature(Buffer.from('text'), signature, publicKey)).toBe(false);
    },
  );

  test('any text whatever in place of the signature is refused and breaks nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()), async (signature) => {
        const headers = { ...signedHeaders(BODY), 'wechatpay-signature': signature };

        expect((await verdictOn(BODY, headers)).code).toBe('callback_signature_invalid');
      }),
    );
  });
});
