/**
 * The keys that verify Alipay's answers and notices. In key mode there is one. In certificate mode each answer names the
 * certificate it is signed under by its serial: Alipay renews them and hands a new one out when it is asked for it.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { certificatesOf, judgeCertificate } from '../certificate-chain.ts';
import type { CertificateTrust } from './certificate-files.ts';
import { certificateSn } from './certificates.ts';

/** Anybody can name a serial in a notice: Alipay is asked for unknown ones no more often than this. */
const FETCH_EVERY_MS = 10_000;
/** Certificates kept at most; Alipay renews one in years. */
const HELD_MAX = 20;

export type AnswerKey =
  | { readonly known: true; readonly keys: readonly KeyObject[] }
  | { readonly known: false; readonly code: ErrorCode; readonly why: string };

export interface AnswerKeys {
  /** The key under a serial; without one, those of all certificates held that are valid now. */
  find(serial: string | null): Promise<AnswerKey>;
}

/** How an account verifies what it is told. */
export type AccountTrust =
  | { readonly mode: 'key'; readonly alipayKey: KeyObject }
  | ({ readonly mode: 'certificates' } & CertificateTrust);

/** @param download the PEM text of the certificate with this serial as Alipay hands it out, or null */
export function answerKeys(
  trust: AccountTrust,
  clock: Clock,
  download: (serial: string) => Promise<string | null>,
): AnswerKeys {
  if (trust.mode === 'key') {
    const key = { known: true, keys: [trust.alipayKey] } as const;
    return { find: () => Promise.resolve(key) };
  }
  return new HeldCertificates(trust, clock, download);
}

interface Held {
  readonly certificate: X509Certificate;
  /** Certificates that came with it, for the way up. */
  readonly above: readonly X509Certificate[];
}

class HeldCertificates implements AnswerKeys {
  readonly #trust: CertificateTrust['trust'];
  readonly #clock: Clock;
  readonly #download: (serial: string) => Promise<string | null>;
  /** By serial. */
  readonly #held = new Map<string, Held>();
  #fetching: { readonly serial: string; readonly done: Promise<AnswerKey> } | null = null;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    { alipay, trust }: CertificateTrust,
    clock: Clock,
    download: (serial: string) => Promise<string | null>,
  ) {
    this.#trust = trust;
    this.#clock = clock;
    this.#download = download;
    this.#held.set(certificateSn(alipay), { certificate: alipay, above: [] });
  }

  find(serial: string | null): Promise<AnswerKey> {
    if (serial === null) return Promise.resolve(this.#anyHeld());
    const held = this.#held.get(serial);
    if (held !== undefined) return Promise.resolve(this.#judge(held));
    if (/^[0-9a-f]{32}$/.test(serial)) return this.#fetch(serial);
    return Promise.resolve(unknown('a certificate serial that is none'));
  }

  #anyHeld(): AnswerKey {
    const judged = [...this.#held.values()].map((one) => this.#judge(one));
    const keys = judged.flatMap((one) => (one.known ? one.keys : []));
    const [first] = judged;
    return keys.length > 0 || first === undefined ? { known: true, keys } : first;
  }

  /** One that was good when it came may have ended since. */
  #judge({ certificate, above }: Held): AnswerKey {
    const trust = { ...this.#trust, between: [...this.#trust.between, ...above] };
    const verdict = judgeCertificate(certificate, trust, this.#clock.wallNow());
    return verdict.believed
      ? { known: true, keys: [certificate.publicKey] }
      : { known: false, code: verdict.code, why: verdict.why };
  }

  async #fetch(serial: string): Promise<AnswerKey> {
    if (this.#fetching?.serial === serial) return this.#fetching.done;
    const nowMs = this.#clock.wallNow().getTime();
    const isTooSoon = nowMs - this.#fetchedAtMs < FETCH_EVERY_MS;
    if (this.#fetching !== null || isTooSoon || this.#held.size >= HELD_MAX)
      return unknown(`certificate ${serial}, which is not held`);
    this.#fetchedAtMs = nowMs;
    const done = this.#take(serial).finally(() => {
      this.#fetching = null;
    });
    this.#fetching = { serial, done };
    return done;
  }

  /** What was downloaded proves itself: by its serial, its owner, and the way up to the configured root. */
  async #take(serial: string): Promise<AnswerKey> {
    const [certificate, ...above] = parsed(await this.#download(serial));
    if (certificate === undefined || certificateSn(certificate) !== serial)
      return unknown(`certificate ${serial}, which is not held and cannot be had`);
    const judged = this.#judge({ certificate, above });
    if (judged.known) this.#held.set(serial, { certificate, above });
    return judged;
  }
}

function parsed(pem: string | null): readonly X509Certificate[] {
  try {
    return certificatesOf(pem ?? '');
  } catch {
    return [];
  }
}

function unknown(what: string): AnswerKey {
  return { known: false, code: 'callback_key_unknown', why: `signed under ${what}` };
}
