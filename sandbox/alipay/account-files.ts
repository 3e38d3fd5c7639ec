/** What a merchant of this sandbox holds: key files and an entry for the accounts file. */
import type { AccountFiles, AccountOptions } from '../account-files.ts';
import { placed } from '../account-files.ts';
import type { AlipayKeys, KeyMode, MerchantKeys } from './keys.ts';
import type { SandboxMerchant } from './model.ts';

/** docs/sandbox.md says what each is for. */
const FILES = {
  privateKey: 'alipay_app_private_key.pem',
  publicKey: 'alipay_public_key.pem',
  appCertificate: 'alipay_app_cert.crt',
  certificate: 'alipay_cert.crt',
  root: 'alipay_root_cert.crt',
} as const;

/** What the sandbox is told about an application: everything but the private key. Both roads of notices lead to one address. */
export function merchantOf(
  keys: MerchantKeys,
  notifyUrl: string,
  keyMode: KeyMode = 'public_key',
): SandboxMerchant {
  const { appId, sellerId, publicKeyPem, certificateSn } = keys;
  return { appId, sellerId, publicKeyPem, certificateSn, keyMode, notifyUrl, gatewayUrl: notifyUrl };
}

export function alipayAccountFiles(
  { merchant, channel }: AlipayKeys,
  o: AccountOptions,
  keyMode: KeyMode = 'public_key',
): AccountFiles {
  const names = placed(FILES, o);
  const trust =
    keyMode === 'public_key'
      ? { alipay_public_key_file: names.publicKey }
      : {
          certificate_files: {
            app: names.appCertificate,
            alipay: names.certificate,
            root: names.root,
          },
        };
  return {
    files: {
      [names.privateKey]: merchant.privateKeyPem,
      [names.publicKey]: channel.publicKeyPem,
      [names.appCertificate]: merchant.certificatePem,
      [names.certificate]: channel.certificatePem,
      [names.root]: channel.rootPem,
    },
    entry: {
      id: o.accountId,
      channel: 'alipay',
      app_id: merchant.appId,
      seller_id: merchant.sellerId,
      gateway_url: `${o.apiBase}/gateway.do`,
      private_key_file: names.privateKey,
      ...trust,
      bill_hosts: [new URL(o.apiBase).host],
    },
  };
}
