/** What UnionPay's sandbox gives to whoever wants to use an account at it: keys, certificates, and its entry. */
import type { AccountFiles, AccountOptions } from '../account-files.ts';
import type { ChannelKeys, MerchantKeys } from './keys.ts';
import { makeChannelKeys, makeMerchantKeys } from './keys.ts';
import type { SandboxMerchant } from './model.ts';

/** docs/sandbox.md says what each is for. */
const FILES = {
  privateKey: 'unionpay_merchant_key.pem',
  certificate: 'unionpay_merchant_cert.pem',
  issuer: 'unionpay_middle_cert.pem',
  root: 'unionpay_root_cert.pem',
} as const;

export interface UnionpayKeys {
  readonly merchant: MerchantKeys;
  readonly channel: ChannelKeys;
}

/** @param wallNow the host's own instant: certificates are checked against real time, never against virtual time. */
export function makeUnionpayKeys(wallNow: Date): UnionpayKeys {
  const channel = makeChannelKeys(wallNow);
  return { channel, merchant: makeMerchantKeys(channel, wallNow) };
}

/** What the sandbox is told about a merchant: everything but the private key. */
export function unionpayMerchantOf({ merId, certificatePem }: MerchantKeys): SandboxMerchant {
  return { merId, certificatePem };
}

/** Real merchants are handed their key as PKCS#12 and convert it once; here it is PEM at once. */
export function unionpayAccountFiles({ merchant, channel }: UnionpayKeys, o: AccountOptions): AccountFiles {
  return {
    files: {
      [FILES.privateKey]: merchant.privateKeyPem,
      [FILES.certificate]: merchant.certificatePem,
      [FILES.issuer]: channel.issuer.certificatePem,
      [FILES.root]: channel.rootPem,
    },
    entry: {
      id: o.accountId,
      channel: 'unionpay',
      mer_id: merchant.merId,
      gateway_base: `${o.apiBase}/gateway/api`,
      file_url: `${o.apiBase}/filedownload/`,
      back_url: o.notifyUrl,
      private_key_file: FILES.privateKey,
      certificate_file: FILES.certificate,
      authority_files: [FILES.root, FILES.issuer],
      test_gateway: true,
    },
  };
}
