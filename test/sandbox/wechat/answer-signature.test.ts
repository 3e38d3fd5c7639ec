/** Who signs what: answers over the bytes sent, with the key that the caller asks for; certificates that can be opened. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SealedText } from './merchant.ts';
import { keyOfPem, newMerchant, signatureFault, unseal } from './merchant.ts';
import type { Fields } from '../exchange.ts';
import type { Shop } from './shop.ts';
import { openShop } from './shop.ts';

interface Listed extends Fields {
  readonly serial_no: string;
  readonly effective_time: string;
  readonly expire_time: string;
  readonly encrypt_certificate: SealedText;
}

async function certificatesOf(shop: Shop): Promise<readonly Listed[]> {
  const { json } = await shop.call('GET', '/v3/certificates');
  return json['data'] as Listed[];
}

describe('an answer', () => {
  test('is signed with the public key when the request asks for its id', async () => {
    const shop = await openShop();
    const { publicKeyId } = shop.sandbox.keys;

    const said = await shop.refund(shop.wish(await shop.pay(500), 500), { wants: publicKeyId });

    expect(said).toMatchObject({ status: 200, signedBy: publicKeyId });
    expect(publicKeyId).toMatch(/^PUB_KEY_ID_[0-9]+$/);
    expect(said.answer.headers['wechatpay-signature-type']).toBe('WECHATPAY2-SHA256-RSA2048');
  });

  test.each([
    ['the serial of the platform certificate', (shop: Shop) => shop.sandbox.keys.platformSerial],
    ['an id that nobody knows', () => 'PUB_KEY_ID_999'],
    ['nothing', () => ''],
  ])('is signed with the platform certificate when the request asks for %s', async (_, wanted) => {
    const shop = await openShop();

    const said = await shop.refund(shop.wish(await shop.pay(500), 500), { wants: wanted(shop) });

    expect(said).toMatchObject({ status: 200, signedBy: shop.sandbox.keys.platformSerial });
    expect(said.signedBy).toMatch(/^[0-9A-F]{40}$/);
  });

  test('is signed over its very bytes: with one changed the signature is void', async () => {
    const shop = await openShop();
    const { answer } = await shop.refund(shop.wish(await shop.pay(500), 500));
    const other = Buffer.from(answer.bytes.toString('utf8').replace('"total":500', '"total":501'));

    expect(other.equals(answer.bytes)).toBe(false);
    expect(signatureFault(answer.headers, answer.bytes, shop.knownKeys())).toBeNull();
    expect(signatureFault(answer.headers, other, shop.knownKeys())).toBe('wrong signature');
  });

  test('carries the time of the wall, not of the business, and a nonce of its own', async () => {
    const shop = await openShop({ start: new Date('2031-02-03T04:05:06+08:00') });
    const order = await shop.pay(500);

    const [one, other] = [await shop.query('none'), await shop.refund(shop.wish(order, 500))];
    const again = await shop.refund(shop.wish(await shop.pay(600), 600));

    const stamp = Number(other.answer.headers['wechatpay-timestamp']);
    expect(Math.abs(Date.now() / 1000 - stamp)).toBeLessThan(300);
    expect(other.json['create_time']).toBe('2031-02-03T04:05:06+08:00');
    expect(again.answer.headers['wechatpay-nonce']).not.toBe(other.answer.headers['wechatpay-nonce']);
    expect(one.status).toBe(404);
  });

  test('that refuses is not signed, and names the request all the same', async () => {
    const shop = await openShop();

    const { status, answer } = await shop.query('RF-unknown');

    expect(status).toBe(404);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('wechatpay-'))).toEqual([]);
    expect(answer.headers['request-id']).toMatch(/^[0-9A-F-]{20,}$/);
    expect(answer.headers['content-type']).toContain('application/json');
  });
});

describe('the certificate list', () => {
  test('holds the platform certificate, sealed with the APIv3 key, under the serial that signs answers', async () => {
    const shop = await openShop();
    const { platformSerial } = shop.sandbox.keys;

    const [listed, ...rest] = await certificatesOf(shop);

    expect(rest).toEqual([]);
    expect(listed?.encrypt_certificate).toMatchObject({
      algorithm: 'AEAD_AES_256_GCM',
      associated_data: 'certificate',
    });
    const pem = unseal(shop.merchant.apiV3Key, listed?.encrypt_certificate as SealedText);
    const certificate = new X509Certificate(pem);
    expect(certificate.serialNumber).toBe(platformSerial);
    expect(listed?.serial_no).toBe(platformSerial);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  test('tells the validity that the certificate itself has', async () => {
    const shop = await openShop();

    const [listed] = await certificatesOf(shop);

    const certificate = new X509Certificate(
      unseal(shop.merchant.apiV3Key, listed?.encrypt_certificate as SealedText),
    );
    const secondsOf = (text: string | undefined): number => Math.floor(Date.parse(text ?? '') / 1000);
    expect(listed?.effective_time).toMatch(/\+08:00$/);
    expect(secondsOf(listed?.effective_time)).toBe(secondsOf(certificate.validFrom));
    expect(secondsOf(listed?.expire_time)).toBe(secondsOf(certificate.validTo));
    expect(secondsOf(certificate.validFrom)).toBeLessThan(Date.now() / 1000);
    expect(secondsOf(certificate.validTo)).toBeGreaterThan(Date.now() / 1000);
  });

  test('cannot be opened with the APIv3 key of another merchant', async () => {
    const shop = await openShop();
    const [listed] = await certificatesOf(shop);

    expect(() => unseal(newMerchant().apiV3Key, listed?.encrypt_certificate as SealedText)).toThrow();
  });

  test('F36 I15: after a rotation the new certificate signs, and the list has both', async () => {
    const shop = await openShop();
    const before = shop.sandbox.keys.platformSerial;
    const order = await shop.pay(500);

    const published = await shop.control('POST', '/rotate-certificate');
    const said = await shop.refund(shop.wish(order, 500), { wants: before });

    expect(published['platform_serial']).not.toBe(before);
    expect(said.signedBy).toBe(published['platform_serial']);
    const listed = await certificatesOf(shop);
    expect(listed.map((one) => one.serial_no)).toEqual([published['platform_serial'], before]);
  });

  test('F36: an answer from before a rotation is still verified by the old certificate', async () => {
    const shop = await openShop();
    const wants = shop.sandbox.keys.platformSerial;
    const { answer } = await shop.refund(shop.wish(await shop.pay(500), 500), { wants });

    await shop.control('POST', '/rotate-certificate');
    const listed = await certificatesOf(shop);

    const pems = listed.map(
      (one) => [one.serial_no, unseal(shop.merchant.apiV3Key, one.encrypt_certificate)] as const,
    );
    const keys = new Map(pems.map(([serial, pem]) => [serial, keyOfPem(pem)]));
    expect(keys.size).toBe(2);
    expect(signatureFault(answer.headers, answer.bytes, keys)).toBeNull();
  });
});

describe('the keys that are published', () => {
  test('are public halves only', async () => {
    const shop = await openShop();

    const keys = await shop.control('GET', '/keys');

    expect(Object.keys(keys).toSorted()).toEqual([
      'platform_certificate_pem',
      'platform_serial',
      'public_key_id',
      'public_key_pem',
    ]);
    expect(JSON.stringify(keys)).not.toContain('PRIVATE');
    expect(keyOfPem(String(keys['public_key_pem'])).type).toBe('public');
  });
});
