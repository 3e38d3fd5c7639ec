/** What UnionPay's sandbox gives to whoever wants to use an account at it: keys, certificates, and its entry. */
import type { AccountFiles, AccountOptions } from '../account-files.ts';
import { placed } from '../account-files.ts';
import type { ChannelKeys, MerchantKeys } from './keys.ts';
import { makeChannelKeys, makeMerchantKeys } from './keys.ts';
import type { SandboxMerchant } from './model.ts';
import { pkcs12Of } from './pkcs12.ts';

/** docs/sandbox.md says what each is for. */
const FILES = {
  container: 'unionpay_merchant.p12',
  passphrase: 'unionpay_merchant_passphrase',
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

/** Another merchant at the same UnionPay. @param wallNow as for {@link makeUnionpayKeys} */
export function unionpayKeysBeside({ channel }: UnionpayKeys, wallNow: Date): UnionpayKeys {
  return { channel, merchant: makeMerchantKeys(channel, wallNow) };
}

/** What the sandbox is told about a merchant: everything but the private key. */
export function unionpayMerchantOf({ merId, certificatePem }: MerchantKeys): SandboxMerchant {
  return { merId, certificatePem };
}

/** As of UnionPay's own test merchants: the key beside it is worth nothing. */
const PASSPHRASE = '000000';

/** The merchant's key as PKCS#12, as real merchants are handed it, and as PEM for programs that read no such container. */
export function unionpayAccountFiles({ merchant, channel }: UnionpayKeys, o: AccountOptions): AccountFiles {
  const names = placed(FILES, o);
  return {
    files: {
      [names.container]: pkcs12Of(merchant, PASSPHRASE),
      [names.passphrase]: PASSPHRASE,
      [names.privateKey]: merchant.privateKeyPem,
      [names.certificate]: merchant.certificatePem,
      [names.issuer]: channel.issuer.certificatePem,
      [names.root]: channel.rootPem,
    },
    entry: {
      id: o.accountId,
      channel: 'unionpay',
      mer_id: merchant.merId,
      gateway_base: `${o.apiBase}/gateway/api`,
      file_url: `${o.apiBase}/filedownload/`,
      back_url: o.notifyUrl,
      pfx_file: names.container,
      pfx_passphrase_file: names.passphrase,
      authority_files: [names.root, names.issuer],
      test_gateway: true,
    },
  };
}
