/** Certificate mode: what the three files of Alipay's console must be to one another before an account is used. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Attempt } from '../account-entry.ts';
import { rsaKey } from '../account-entry.ts';
import type { Trust } from '../certificate-chain.ts';
import {
  accountCertificate,
  certificatesOf,
  commonName,
  judgeCertificate,
  whyNotUsable,
} from '../certificate-chain.ts';
import type { AccountCertificate } from '../channel.ts';
import { certificateSn, rootCertificateSn } from './certificates.ts';

/** To whom Alipay's certificates are made out: its company's name, a dash, and the merchant's number. */
const OWNER = '支付宝(中国)网络技术有限公司';

export interface CertificateTrust {
  /** Serials that requests name. */
  readonly serials: { readonly app: string; readonly root: string };
  /** What signs Alipay's answers as long as it names no other. */
  readonly alipay: X509Certificate;
  /** How any certificate of Alipay's is judged. */
  readonly trust: Trust;
  /** What the account stands or falls with. */
  readonly certificates: readonly AccountCertificate[];
}

export interface CertificateFiles {
  readonly app: string;
  readonly alipay: string;
  readonly root: string;
}

export interface OwnSide {
  readonly appId: string;
  /** Null when it could not be read, which is told elsewhere. */
  readonly privateKey: KeyObject | null;
}

/** Null when anything is wrong with the files; `attempt` has taken down what. */
export function certificateTrust(
  files: CertificateFiles,
  own: OwnSide,
  o: { readonly readFile: (path: string) => string; readonly attempt: Attempt; readonly wallNow: Date },
): CertificateTrust | null {
  const { readFile, attempt, wallNow } = o;
  const app = attempt('certificate_files.app', () => appCertificate(readFile(files.app), own, wallNow));
  const roots = attempt('certificate_files.root', () => rootCertificates(readFile(files.root)));
  if (roots === null) return null;
  const alipay = attempt('certificate_files.alipay', () =>
    alipayCertificate(readFile(files.alipay), roots.certificates, wallNow),
  );
  if (app === null || alipay === null) return null;
  const [signing, ...above] = alipay.chain;
  return {
    serials: { app: certificateSn(app), root: roots.sn },
    alipay: signing,
    trust: alipay.trust,
    certificates: [
      accountCertificate('certificate_files.app', app),
      accountCertificate('certificate_files.alipay', signing),
      ...above.map((one) => accountCertificate(`above certificate_files.alipay: ${commonName(one)}`, one)),
    ],
  };
}

/** @throws Error saying what is wrong with it */
function appCertificate(pem: string, { appId, privateKey }: OwnSide, wallNow: Date): X509Certificate {
  const [app] = certificatesOf(pem);
  if (app === undefined) throw new Error('holds no certificate');
  if (privateKey !== null && !app.checkPrivateKey(privateKey))
    throw new Error('is not the certificate of private_key_file');
  // Its owner is named by the merchant's number, a dash, and the application.
  const named = commonName(app).split('-').at(-1) ?? '';
  if (/^[0-9]{16}$/.test(named) && named !== appId)
    throw new Error(`is the certificate of application ${named}, and app_id is ${appId}`);
  const why = whyNotUsable(app, wallNow);
  if (why !== null) throw new Error(why);
  return app;
}

function rootCertificates(pem: string): {
  readonly certificates: readonly X509Certificate[];
  readonly sn: string;
} {
  const sn = rootCertificateSn(pem);
  if (sn === '') throw new Error('holds no RSA certificate');
  return { certificates: certificatesOf(pem), sn };
}

/** The file holds the certificate and the one above it; the first is the one that signs. */
function alipayCertificate(
  pem: string,
  roots: readonly X509Certificate[],
  wallNow: Date,
): { readonly trust: Trust; readonly chain: readonly [X509Certificate, ...X509Certificate[]] } {
  const [signing, ...between] = certificatesOf(pem);
  if (signing === undefined) throw new Error('holds no certificate');
  rsaKey(signing.publicKey);
  const trust = { roots, between, otherOwner };
  const verdict = judgeCertificate(signing, trust, wallNow);
  if (!verdict.believed) throw new Error(verdict.why);
  return { trust, chain: [signing, ...verdict.chain.slice(1)] };
}

function otherOwner(certificate: X509Certificate): string | null {
  const name = commonName(certificate);
  // The brackets are written in either width.
  const company = name
    .replaceAll('（', '(')
    .replaceAll('）', ')')
    .replace(/-[0-9]+$/, '');
  if (company === OWNER) return null;
  return name === '' ? 'nobody' : name;
}
