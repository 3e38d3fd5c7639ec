/**
 * The keys with which Alipay signs: for applications in key mode always the first; for those in certificate mode the
 * newest, which they have to ask for when an answer names it.
 */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey } from 'node:crypto';
import type { CertificateFlaw, ChannelKeys, KeyMode, SigningKeys } from './keys.ts';
import { renewedKeys } from './keys.ts';

interface Signer {
  readonly keys: SigningKeys;
  readonly key: KeyObject;
}

export interface KeptSigners {
  readonly all: readonly SigningKeys[];
  readonly newestSn: string;
}

export class SigningKeyRing {
  readonly #channel: ChannelKeys;
  readonly #first: Signer;
  /** By the serial of the certificate, the newest last. */
  readonly #all = new Map<string, Signer>();
  #newest: Signer;

  constructor(channel: ChannelKeys) {
    this.#channel = channel;
    this.#first = this.#add(channel);
    this.#newest = this.#first;
  }

  snapshot(): KeptSigners {
    return {
      all: [...this.#all.values()].map(({ keys }) => keys),
      newestSn: this.#newest.keys.certificateSn,
    };
  }

  restore(kept: KeptSigners): void {
    for (const keys of kept.all) if (!this.#all.has(keys.certificateSn)) this.#add(keys);
    this.#newest = this.#all.get(kept.newestSn) ?? this.#newest;
  }

  of(keyMode: KeyMode): Signer {
    return keyMode === 'certificate' ? this.#newest : this.#first;
  }

  /** The serial of the certificate when it is not the one with which applications began: notices name it then. */
  renewedSn(keyMode: KeyMode): string | null {
    const signer = this.of(keyMode);
    return signer === this.#first ? null : signer.keys.certificateSn;
  }

  /** Makes another pair sign from now on. Returns the serial of its certificate. */
  renew(ownerNo: string, wallNow: Date, flaw?: CertificateFlaw): string {
    this.#newest = this.#add(renewedKeys({ ...this.#channel, ownerNo }, wallNow, flaw));
    return this.#newest.keys.certificateSn;
  }

  /** The PEM text of one of its certificates. */
  certificate(sn: string): string | undefined {
    return this.#all.get(sn)?.keys.certificatePem;
  }

  #add(keys: SigningKeys): Signer {
    const signer = { keys, key: createPrivateKey(keys.privateKeyPem) };
    this.#all.set(keys.certificateSn, signer);
    return signer;
  }
}
