/**
 * The keys that verify WeChat Pay: public keys from the account's configuration, and platform certificates fetched from
 * the channel. Both kinds, and several of each, may be live at once while a merchant switches or a certificate turns.
 */
import type { KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { WechatAccount } from './account.ts';
import { open } from './decrypt.ts';
import { certificatesSchema } from './schemas.ts';
import type { KeySource, SignedMessage } from './verification.ts';
import { verifyMessage } from './verification.ts';

/** The channel is asked for certificates at most this often because of an unknown serial. */
const REFRESH_EVERY_MS = 60_000;

export interface KeyRing extends KeySource {
  /** The public key's id that requests name, so that answers are signed with it; undefined in certificate mode. */
  readonly preferredId: string | undefined;
  /**
   * The channel's key that sensitive fields are encrypted with, and the name by which the request says so: the public key,
   * or of its certificates that are valid the one that ends last. Undefined where the channel could not be asked for any.
   */
  encrypting(): Promise<EncryptingKey | undefined>;
}

export interface EncryptingKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** `fetchCertificates` answers with the raw message of GET /v3/certificates, or null when there is no answer. */
export function createKeyRing(
  account: Pick<WechatAccount, 'publicKeys' | 'apiV3Key' | 'fetchPlatformCertificates'>,
  clock: Clock,
  fetchCertificates: () => Promise<SignedMessage | null>,
): KeyRing {
  let certificates: ReadonlyMap<string, PlatformCertificate> = new Map();
  let refreshing: Promise<void> | null = null;
  let refreshedAtMs = Number.NEGATIVE_INFINITY;
  const known = (serial: string): KeyObject | undefined =>
    account.publicKeys.get(serial) ?? stillValid(certificates.get(serial), clock.wallNow());

  const refresh = async (): Promise<void> => {
    refreshedAtMs = clock.wallNow().getTime();
    const message = await fetchCertificates();
    if (message === null) return;
    const fresh = readCertificates(message.body, account.apiV3Key, clock.wallNow());
    // The list must be signed by a key we know, or by one of the certificates it brings: those were sealed with our key.
    const candidates: KeySource = {
      find: (serial) => Promise.resolve(known(serial) ?? fresh.get(serial)?.key),
    };
    const verdict = await verifyMessage(message, candidates, clock.wallNow());
    if (verdict.genuine) certificates = new Map([...certificates, ...fresh]);
  };

  /** Asks for the certificates, or waits for the question that is under way; not more often than allowed. */
  const refreshed = async (): Promise<void> => {
    if (!account.fetchPlatformCertificates) return;
    if (refreshing === null && clock.wallNow().getTime() - refreshedAtMs < REFRESH_EVERY_MS) return;
    refreshing ??= refresh()
      .catch(() => undefined)
      .finally(() => {
        refreshing = null;
      });
    await refreshing;
  };
  const publicKey = [...account.publicKeys].map(([id, key]) => ({ id, key })).at(-1);

  return {
    preferredId: publicKey?.id,
    find: async (serial) => {
      const key = known(serial);
      if (key !== undefined || serial.startsWith('PUB_KEY_ID_')) return key;
      await refreshed();
      return known(serial);
    },
    encrypting: async () => {
      if (publicKey !== undefined) return publicKey;
      const last = lastToEnd(certificates, clock.wallNow());
      if (last !== undefined) return last;
      await refreshed();
      return lastToEnd(certificates, clock.wallNow());
    },
  };
}

function lastToEnd(
  certificates: ReadonlyMap<string, PlatformCertificate>,
  wallNow: Date,
): EncryptingKey | undefined {
  const [last] = [...certificates]
    .filter(([, one]) => stillValid(one, wallNow) !== undefined)
    .sort(([, one], [, other]) => other.validToMs - one.validToMs);
  return last === undefined ? undefined : { id: last[0], key: last[1].key };
}

interface PlatformCertificate {
  readonly key: KeyObject;
  readonly validToMs: number;
}

/** The key of a certificate that has not ended. One that has is unknown: its successor is asked for. */
function stillValid(certificate: PlatformCertificate | undefined, wallNow: Date): KeyObject | undefined {
  return certificate !== undefined && wallNow.getTime() <= certificate.validToMs
    ? certificate.key
    : undefined;
}

/** Certificates that are valid now, by serial. @throws AppError `callback_undecipherable` */
export function readCertificates(
  body: Buffer,
  apiV3Key: Buffer,
  wallNow: Date,
): ReadonlyMap<string, PlatformCertificate> {
  const parsed = certificatesSchema.safeParse(parseJson(body));
  if (!parsed.success) throw new AppError('callback_undecipherable', { why: 'not a list of certificates' });
  const certificates = new Map<string, PlatformCertificate>();
  for (const { serial_no: serial, encrypt_certificate: sealed } of parsed.data.data) {
    const certificate = new X509Certificate(open(sealed, apiV3Key));
    const validToMs = Date.parse(certificate.validTo);
    const valid = Date.parse(certificate.validFrom) <= wallNow.getTime() && wallNow.getTime() <= validToMs;
    if (valid && certificate.serialNumber === serial.toUpperCase())
      certificates.set(serial, { key: certificate.publicKey, validToMs });
  }
  return certificates;
}

/** The value, or undefined for text that is no JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
