/** One WeChat Pay merchant account: what its entry in the accounts file says, and its key material once loaded. */
import type { KeyObject } from 'node:crypto';
import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { FundAccountName } from './fund-accounts.ts';
import { FUND_ACCOUNTS } from './fund-accounts.ts';
import { accountIdSchema, attemptInto, noticeAddress, readEntry, rsaKey } from '../account-entry.ts';

const API_V3_KEY_BYTES = 32;

const wechatAccountSchema = z.strictObject({
  id: accountIdSchema,
  merchant_id: z.string(),
  channel: z.literal('wechat'),
  mchid: z.string().regex(/^[0-9]{8,10}$/, '8 to 10 digits'),
  appid: z.string().min(1),
  /** https://api.mch.weixin.qq.com in production. */
  api_base: z.url({ protocol: /^https?$/ }).default('https://api.mch.weixin.qq.com'),
  /** Where the channel sends notices: /callbacks/wechat/<id> of the api process, as the channel reaches it. */
  notify_url: noticeAddress('refused'),
  /** Serial of the merchant API certificate, upper-case hex. */
  certificate_serial: z.string().regex(/^[0-9A-F]{8,64}$/, 'upper-case hex'),
  private_key_file: z.string().min(1),
  api_v3_key_file: z.string().min(1),
  /** WeChat Pay public keys by id; several may be live at once. */
  public_keys: z
    .array(z.strictObject({ id: z.string().regex(/^PUB_KEY_ID_[0-9]+$/), file: z.string().min(1) }))
    .default([]),
  /** Ask the channel for its platform certificates (merchants without a public key, or during the switch). */
  fetch_platform_certificates: z.boolean().default(false),
  /** Of which fund accounts the statements are fetched: `basic`, which payments come into, and others that the merchant has. */
  fund_accounts: z
    .array(z.enum(FUND_ACCOUNTS))
    .refine((names) => names.includes('basic'), 'must have basic in it')
    .refine((names) => new Set(names).size === names.length, 'names one twice')
    .default(['basic']),
  /** Hosts (host or host:port) that statement files may be downloaded from, besides the API's own. */
  bill_hosts: z.array(z.string().min(1)).default([]),
});

export interface WechatAccount {
  readonly id: string;
  readonly merchantId: string;
  readonly mchid: string;
  readonly appid: string;
  readonly apiBase: string;
  readonly notifyUrl: string;
  readonly certificateSerial: string;
  readonly privateKey: KeyObject;
  /** AES-256 key of callbacks and of the certificate list. */
  readonly apiV3Key: Buffer;
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  readonly fetchPlatformCertificates: boolean;
  readonly fundAccounts: readonly FundAccountName[];
  readonly billHosts: ReadonlySet<string>;
}

/**
 * Reads an account and its key files. `readFile` resolves paths as the accounts file means them.
 * @throws AppError `config_invalid` with every error in `errors`
 */
export function loadWechatAccount(entry: unknown, readFile: (path: string) => string): WechatAccount {
  const values = readEntry(wechatAccountSchema, entry);
  const errors: string[] = [];
  const attempt = attemptInto(errors);
  const privateKey = attempt('private_key_file', () =>
    rsaKey(createPrivateKey(readFile(values.private_key_file))),
  );
  const apiV3Key = attempt('api_v3_key_file', () => apiKey(readFile(values.api_v3_key_file)));
  const publicKeys = new Map<string, KeyObject>();
  for (const { id, file } of values.public_keys) {
    const key = attempt(`public_keys ${id}`, () => rsaKey(publicKeyOf(readFile(file))));
    if (key !== null) publicKeys.set(id, key);
  }
  if (values.public_keys.length === 0 && !values.fetch_platform_certificates) {
    errors.push('public_keys: none, and fetch_platform_certificates is off: no answer could be verified');
  }
  if (errors.length > 0 || privateKey === null || apiV3Key === null)
    throw new AppError('config_invalid', { errors });
  return {
    id: values.id,
    merchantId: values.merchant_id,
    mchid: values.mchid,
    appid: values.appid,
    apiBase: values.api_base.replace(/\/$/, ''),
    notifyUrl: values.notify_url,
    certificateSerial: values.certificate_serial,
    privateKey,
    apiV3Key,
    publicKeys,
    fetchPlatformCertificates: values.fetch_platform_certificates,
    fundAccounts: FUND_ACCOUNTS.filter((name) => values.fund_accounts.includes(name)),
    billHosts: new Set([new URL(values.api_base).host, ...values.bill_hosts]),
  };
}

/** A public key as PEM, or the certificate that holds it. */
function publicKeyOf(pem: string): KeyObject {
  return pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
}

function apiKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'utf8');
  if (key.length !== API_V3_KEY_BYTES) throw new Error(`must be exactly ${String(API_V3_KEY_BYTES)} bytes`);
  return key;
}
