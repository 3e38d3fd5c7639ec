/** Keys and certificates made at start: named as Alipay names them, chained as they should be, and never the same twice. */
import { X509Certificate, createHash, createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { merchantOf } from '../../../sandbox/alipay/account-files.ts';
import { makeAlipayKeys } from '../../../sandbox/alipay/keys.ts';
import { startSandbox } from '../../../sandbox/alipay/server.ts';
import { turnableClock } from '../../../sandbox/turnable-clock.ts';
import { KEYS } from './shop.ts';

const { merchant, channel } = KEYS;

function certificates(pem: string): readonly X509Certificate[] {
  return pem
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((one) => one.includes('BEGIN'))
    .map((one) => new X509Certificate(one));
}

/** As documented: the issuer's name from its end, then the serial number in decimals, through MD5. */
function sn({ issuer, serialNumber }: X509Certificate): string {
  const name = issuer.split('\n').reverse().join(',');
  return createHash('md5')
    .update(name + String(BigInt(`0x${serialNumber}`)))
    .digest('hex');
}

test('certificates are named by MD5 of issuer and serial number, the roots of the file together', () => {
  const [own, middle] = certificates(channel.certificatePem);
  const roots = certificates(channel.rootPem);
  const [application] = certificates(merchant.certificatePem);

  expect(own === undefined ? '' : sn(own)).toBe(channel.certificateSn);
  expect(application === undefined ? '' : sn(application)).toBe(merchant.certificateSn);
  expect(roots.map(sn).join('_')).toBe(channel.rootSn);
  expect(roots).toHaveLength(2);
  expect(middle?.subject).toBe(
    'C=CN\nO=Yuanlu sandbox\nOU=Certification Authority\nCN=Alipay sandbox class 1 R1',
  );
});

test('the chain leads from both certificates to the first root, and holds the keys that sign', () => {
  const [own, middle] = certificates(channel.certificatePem);
  const [root, other] = certificates(channel.rootPem);
  const [application] = certificates(merchant.certificatePem);
  if (own === undefined || middle === undefined || root === undefined) throw new Error('a file is short');

  expect(own.verify(middle.publicKey)).toBe(true);
  expect(application?.verify(middle.publicKey)).toBe(true);
  expect([root.ca, middle.ca, own.ca, application?.ca]).toEqual([true, true, false, false]);
  expect(middle.verify(root.publicKey)).toBe(true);
  expect(root.verify(root.publicKey)).toBe(true);
  expect(middle.verify(other?.publicKey ?? own.publicKey)).toBe(false);
  expect(own.publicKey.equals(createPublicKey(channel.publicKeyPem))).toBe(true);
  expect(application?.publicKey.equals(createPublicKey(merchant.publicKeyPem))).toBe(true);
});

test('two starts have nothing in common', () => {
  const other = makeAlipayKeys(new Date());

  expect(other.channel.certificateSn).not.toBe(channel.certificateSn);
  expect(other.merchant.appId).not.toBe(merchant.appId);
  expect(other.merchant.privateKeyPem).not.toBe(merchant.privateKeyPem);
  expect(merchant).toMatchObject({
    appId: expect.stringMatching(/^2021\d{12}$/) as unknown,
    sellerId: expect.stringMatching(/^2088\d{12}$/) as unknown,
  });
});

test('keys survive being kept as JSON', () => {
  expect(JSON.parse(JSON.stringify(KEYS))).toEqual(KEYS);
});

test.each([
  ['nobody', [], 'at least one'],
  ['one twice', [merchantOf(merchant, 'http://x/'), merchantOf(merchant, 'http://x/')], 'twice'],
  ['a key that is none', [{ ...merchantOf(merchant, 'http://x/'), publicKeyPem: 'x' }], 'cannot be read'],
])('a start with %s is refused', async (_, merchants, words) => {
  const start = startSandbox({ clock: turnableClock(), merchants, keys: channel });

  await expect(start).rejects.toThrow(words);
});
