/** One UnionPay merchant: what its entry in the accounts file says, and its key and certificates once loaded. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { accountIdSchema, attemptInto, noticeAddress, readEntry } from '../account-entry.ts';
import { accountCertificate, certificatesOf, commonName, whyNotUsable } from '../certificate-chain.ts';
import type { AccountCertificate, ReadKeyFile } from '../channel.ts';
import { OWNER, TEST_OWNER, SigningCertificates, certificateId } from './certificates.ts';
import { loadOwnKey } from './own-key.ts';

const unionpayAccountSchema = z.strictObject({
  id: accountIdSchema,
  merchant_id: z.string(),
  channel: z.literal('unionpay'),
  mer_id: z.string().regex(/^[0-9A-Za-z]{15}$/, '15 digits or letters'),
  /** https://gateway.95516.com/gateway/api in production. */
  gateway_base: z.url({ protocol: /^https?$/ }).default('https://gateway.95516.com/gateway/api'),
  /** https://filedownload.95516.com/ in production. */
  file_url: z.url({ protocol: /^https?$/ }).default('https://filedownload.95516.com/'),
  /** Where UnionPay sends notices: /callbacks/unionpay/<id> of the api process, as it is reached from outside. */
  back_url: noticeAddress('taken'),
  /** The product of the payments: 000201 web, 000301 without redirect, 000902 token. */
  biz_type: z
    .string()
    .regex(/^[0-9]{6}$/, '6 digits')
    .default('000201'),
  /** 07 web, 08 mobile. */
  channel_type: z.enum(['07', '08']).default('07'),
  /** The merchant's key and certificate as UnionPay hands them out (PKCS#12), and the passphrase, alone in its file. */
  pfx_file: z.string().min(1).optional(),
  pfx_passphrase_file: z.string().min(1).optional(),
  /** Or both as PEM. */
  private_key_file: z.string().min(1).optional(),
  certificate_file: z.string().min(1).optional(),
  /** UnionPay's root certificate and those between, as PEM files; each may hold several. */
  authority_files: z.array(z.string().min(1)).min(1),
  /** Also believe answers made out to UnionPay's test gateway. */
  test_gateway: z.boolean().default(false),
});

export interface UnionpayAccount {
  readonly id: string;
  readonly merchantId: string;
  readonly merId: string;
  readonly gatewayBase: string;
  readonly fileUrl: string;
  readonly backUrl: string;
  readonly bizType: string;
  readonly channelType: string;
  readonly privateKey: KeyObject;
  /** Decimal serial of the merchant's certificate. */
  readonly certId: string;
  readonly certificates: SigningCertificates;
  readonly ownCertificates: readonly AccountCertificate[];
}

/**
 * Reads an account and its key files. `readFile` resolves paths as the accounts file means them. The merchant's
 * certificate must be valid at `wallNow`.
 * @throws AppError `config_invalid` with every error in `errors`
 */
export function loadUnionpayAccount(entry: unknown, readFile: ReadKeyFile, wallNow: Date): UnionpayAccount {
  const values = readEntry(unionpayAccountSchema, entry);
  const errors: string[] = [];
  const attempt = attemptInto(errors);
  const own = loadOwnKey(values, { readFile, attempt, errors });
  const whyNot = own === null ? null : whyNotUsable(own.certificate, wallNow);
  if (own !== null && whyNot !== null) errors.push(`${own.field}: ${whyNot}`);
  const authorities = values.authority_files.map((file) => ({
    file,
    found: attempt(`authority_files ${file}`, () => someCertificates(readFile(file))) ?? [],
  }));
  if (errors.length > 0 || own === null) throw new AppError('config_invalid', { errors });
  return {
    id: values.id,
    merchantId: values.merchant_id,
    merId: values.mer_id,
    gatewayBase: values.gateway_base.replace(/\/$/, ''),
    fileUrl: values.file_url,
    backUrl: values.back_url,
    bizType: values.biz_type,
    channelType: values.channel_type,
    privateKey: own.privateKey,
    certId: certificateId(own.certificate),
    certificates: new SigningCertificates({
      authorities: authorities.flatMap(({ found }) => found),
      owners: values.test_gateway ? [OWNER, TEST_OWNER] : [OWNER],
    }),
    ownCertificates: [
      accountCertificate(own.field, own.certificate),
      ...authorities.flatMap(({ file, found }) => named(`authority_files ${file}`, found)),
    ],
  };
}

function someCertificates(pem: string): readonly X509Certificate[] {
  const found = certificatesOf(pem);
  if (found.length === 0) throw new Error('holds no certificate as PEM');
  return found;
}

/** The certificates of one file; where it holds several, each is told with whom it is for. */
function named(field: string, certificates: readonly X509Certificate[]): readonly AccountCertificate[] {
  return certificates.map((one) =>
    accountCertificate(certificates.length === 1 ? field : `${field} (${commonName(one)})`, one),
  );
}
