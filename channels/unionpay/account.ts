/** One UnionPay merchant: what its entry in the accounts file says, and its key and certificates once loaded. */
import type { KeyObject } from 'node:crypto';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { accountIdSchema, attemptInto, noticeAddress, readEntry, rsaKey } from '../account-entry.ts';
import { accountCertificate, whyNotUsable } from '../certificate-chain.ts';
import type { AccountCertificate } from '../channel.ts';
import { OWNER, TEST_OWNER, SigningCertificates, certificateId } from './certificates.ts';

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
  /**
   * The merchant's key and certificate as PEM. UnionPay hands them out as PKCS#12; convert once:
   * openssl pkcs12 -legacy -in merchant.pfx -out merchant.pem -nodes
   */
  private_key_file: z.string().min(1),
  certificate_file: z.string().min(1),
  /** UnionPay's root certificate and those between, as PEM files. */
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
export function loadUnionpayAccount(
  entry: unknown,
  readFile: (path: string) => string,
  wallNow: Date,
): UnionpayAccount {
  const values = readEntry(unionpayAccountSchema, entry);
  const errors: string[] = [];
  const attempt = attemptInto(errors);
  const privateKey = attempt('private_key_file', () =>
    rsaKey(createPrivateKey(readFile(values.private_key_file))),
  );
  const certificate = attempt(
    'certificate_file',
    () => new X509Certificate(readFile(values.certificate_file)),
  );
  const whyNot = certificate === null ? null : whyNotUsable(certificate, wallNow);
  if (whyNot !== null) errors.push(`certificate_file: ${whyNot}`);
  const authorities = values.authority_files.flatMap((file) => {
    const one = attempt(`authority_files ${file}`, () => new X509Certificate(readFile(file)));
    return one === null ? [] : [one];
  });
  if (privateKey !== null && certificate !== null && !certificate.checkPrivateKey(privateKey))
    errors.push('certificate_file: is not the certificate of private_key_file');
  if (errors.length > 0 || privateKey === null || certificate === null)
    throw new AppError('config_invalid', { errors });
  return {
    id: values.id,
    merchantId: values.merchant_id,
    merId: values.mer_id,
    gatewayBase: values.gateway_base.replace(/\/$/, ''),
    fileUrl: values.file_url,
    backUrl: values.back_url,
    bizType: values.biz_type,
    channelType: values.channel_type,
    privateKey,
    certId: certificateId(certificate),
    certificates: new SigningCertificates({
      authorities,
      owners: values.test_gateway ? [OWNER, TEST_OWNER] : [OWNER],
    }),
    ownCertificates: [
      accountCertificate('certificate_file', certificate),
      ...authorities.map((one, index) =>
        accountCertificate(`authority_files ${values.authority_files[index] ?? ''}`, one),
      ),
    ],
  };
}
