/** One Alipay application of a merchant: what its entry in the accounts file says, and its keys once loaded. */
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import type { Attempt } from '../account-entry.ts';
import { accountIdSchema, attemptInto, readEntry, rsaKey } from '../account-entry.ts';
import type { AccountTrust } from './answer-keys.ts';
import type { OwnSide } from './certificate-files.ts';
import { certificateTrust } from './certificate-files.ts';
import { privateKeyOf, publicKeyOf } from './signing.ts';

const DAY_MS = 86_400_000;

const certificateFiles = z.strictObject({
  app: z.string().min(1),
  alipay: z.string().min(1),
  root: z.string().min(1),
});

const alipayAccountSchema = z.strictObject({
  id: accountIdSchema,
  merchant_id: z.string(),
  channel: z.literal('alipay'),
  app_id: z.string().regex(/^[0-9]{16}$/, '16 digits'),
  /** The merchant's own account number (PID), as statements and notices name it. */
  seller_id: z.string().regex(/^2088[0-9]{12}$/, '2088 and 12 digits'),
  /** https://openapi.alipay.com/gateway.do in production. */
  gateway_url: z.url({ protocol: /^https?$/ }).default('https://openapi.alipay.com/gateway.do'),
  private_key_file: z.string().min(1),
  /** Key mode: the key that Alipay's console shows. */
  alipay_public_key_file: z.string().min(1).optional(),
  /** Certificate mode: the three files of Alipay's console. */
  certificate_files: certificateFiles.optional(),
  /** Age in days after which the contract allows no refund: 12 months as a rule, 3 for some contracts. */
  refundable_days: z.number().int().min(1).max(1_830).default(365),
  /** Hosts (host or host:port) that statement files may be downloaded from. */
  bill_hosts: z.array(z.string().min(1)).default(['dwbillcenter.alipay.com']),
});

export interface AlipayAccount {
  readonly id: string;
  readonly merchantId: string;
  readonly appId: string;
  readonly sellerId: string;
  readonly gatewayUrl: string;
  readonly privateKey: KeyObject;
  /** How what Alipay says is verified, and in certificate mode which serials requests name. */
  readonly trust: AccountTrust;
  readonly refundableForMs: number;
  readonly billHosts: ReadonlySet<string>;
}

type Entry = z.infer<typeof alipayAccountSchema>;

/**
 * Reads an account and its key files. `readFile` resolves paths as the accounts file means them. Certificates must be valid
 * at `wallNow`.
 * @throws AppError `config_invalid` with every error in `errors`
 */
export function loadAlipayAccount(
  entry: unknown,
  readFile: (path: string) => string,
  wallNow: Date,
): AlipayAccount {
  const values = readEntry(alipayAccountSchema, entry);
  const errors: string[] = [];
  const attempt = attemptInto(errors);
  const privateKey = attempt('private_key_file', () =>
    rsaKey(privateKeyOf(readFile(values.private_key_file))),
  );
  const own = { appId: values.app_id, privateKey };
  const trust = trustOf(values, own, { readFile, attempt, wallNow });
  if ((values.alipay_public_key_file === undefined) === (values.certificate_files === undefined)) {
    errors.push('alipay_public_key_file, certificate_files: give one of the two');
  }
  if (errors.length > 0 || privateKey === null || trust === null)
    throw new AppError('config_invalid', { errors });
  return {
    id: values.id,
    merchantId: values.merchant_id,
    appId: values.app_id,
    sellerId: values.seller_id,
    gatewayUrl: values.gateway_url,
    privateKey,
    trust,
    refundableForMs: values.refundable_days * DAY_MS,
    billHosts: new Set(values.bill_hosts),
  };
}

/** Null when there is none to be had; `attempt` has taken down why. */
function trustOf(
  values: Entry,
  own: OwnSide,
  o: { readonly readFile: (path: string) => string; readonly attempt: Attempt; readonly wallNow: Date },
): AccountTrust | null {
  const { alipay_public_key_file: keyFile, certificate_files: files } = values;
  if (files !== undefined) {
    const trust = certificateTrust(files, own, o);
    return trust === null ? null : { mode: 'certificates', ...trust };
  }
  if (keyFile === undefined) return null;
  return o.attempt('alipay_public_key_file', () => ({
    mode: 'key',
    alipayKey: rsaKey(publicKeyOf(o.readFile(keyFile))),
  }));
}
