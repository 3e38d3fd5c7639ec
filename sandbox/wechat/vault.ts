/** WeChat Pay's own keys: which one signs what, and the list of platform certificates. */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import { rfc3339 } from '../instants.ts';
import type { ChannelKeys, PlatformKeys } from './keys.ts';
import { makePlatformKeys } from './keys.ts';
import { refillList } from '../refill.ts';
import type { SandboxMerchant } from './model.ts';
import type { Signer } from './signing.ts';
import { seal, signerOf } from './signing.ts';

/** What a merchant gets from the merchant console or by the certificate list. */
export interface PublishedKeys {
  readonly publicKeyId: string;
  readonly publicKeyPem: string;
  readonly platformSerial: string;
  readonly platformCertificatePem: string;
}

export interface KeptVault {
  readonly platform: readonly PlatformKeys[];
  readonly callbacksUse: 'public_key' | 'certificate';
}

export class Vault {
  readonly #keys: ChannelKeys;
  readonly #clock: Clock;
  readonly #publicKeySigner: Signer;
  /** The newest last. Older ones stay in the list, as long as they are valid. */
  readonly #platform: { keys: PlatformKeys; signer: Signer }[];
  #callbacksUse: 'public_key' | 'certificate' = 'public_key';

  constructor(keys: ChannelKeys, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
    this.#publicKeySigner = signerOf(keys.publicKeyId, keys.privateKeyPem);
    this.#platform = [withSigner(keys.platform)];
  }

  snapshot(): KeptVault {
    return { platform: this.#platform.map(({ keys }) => keys), callbacksUse: this.#callbacksUse };
  }

  restore(kept: KeptVault): void {
    refillList(this.#platform, kept.platform.map(withSigner));
    this.#callbacksUse = kept.callbacksUse;
  }

  published(): PublishedKeys {
    const newest = this.#newest().keys;
    return {
      publicKeyId: this.#keys.publicKeyId,
      publicKeyPem: this.#keys.publicKeyPem,
      platformSerial: newest.serial,
      platformCertificatePem: newest.certificatePem,
    };
  }

  /** Who signs the answer: the caller chooses by its header `Wechatpay-Serial`. */
  answerSigner(wantedSerial: string | undefined): Signer {
    return wantedSerial === this.#keys.publicKeyId ? this.#publicKeySigner : this.#newest().signer;
  }

  callbackSigner(): Signer {
    return this.#callbacksUse === 'public_key' ? this.#publicKeySigner : this.#newest().signer;
  }

  /** The private key under this name, by which sensitive fields are opened; undefined for one that was never published. */
  opener(serial: string | undefined): KeyObject | undefined {
    const signers = [this.#publicKeySigner, ...this.#platform.map(({ signer }) => signer)];
    return signers.find((one) => one.serial === serial)?.privateKey;
  }

  /** Which kind of key signs callbacks from now on: while a merchant changes over, WeChat decides that. */
  signCallbacksWith(kind: 'public_key' | 'certificate'): void {
    this.#callbacksUse = kind;
  }

  /** A new platform certificate signs from now on; the list holds the old one, too. */
  rotatePlatformCertificate(): PublishedKeys {
    this.#platform.push(withSigner(makePlatformKeys(this.#clock.wallNow())));
    return this.published();
  }

  /** The answer of `GET /v3/certificates`: each certificate sealed with the merchant's APIv3 key. Times are real. */
  certificateList(merchant: SandboxMerchant): Record<string, unknown> {
    const data = this.#platform.toReversed().map(({ keys }) => ({
      serial_no: keys.serial,
      effective_time: rfc3339(keys.from.getTime()),
      expire_time: rfc3339(keys.to.getTime()),
      encrypt_certificate: seal(merchant.apiV3Key, 'certificate', keys.certificatePem),
    }));
    return { data };
  }

  #newest(): { keys: PlatformKeys; signer: Signer } {
    const newest = this.#platform.at(-1);
    if (newest === undefined) throw new Error('a vault always holds a platform certificate');
    return newest;
  }
}

function withSigner(keys: PlatformKeys): { keys: PlatformKeys; signer: Signer } {
  return { keys, signer: signerOf(keys.serial, keys.privateKeyPem) };
}
