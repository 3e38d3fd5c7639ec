/**
 * Keeps the secrets of webhooks: AES-256-GCM under a key of the installation that is not in the database, bound to the
 * endpoint's merchant and address, so that a row that is copied over another one opens nothing. The first key of the file
 * closes; all of them open, which is how a key is exchanged.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { AppError } from '../domain/errors.ts';

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Whose secret it is: it opens for nobody else. */
export interface SecretOwner {
  readonly merchantId: string;
  readonly url: string;
}

export interface SecretBox {
  close(secret: string, owner: SecretOwner): Buffer;
  /** @throws AppError `webhooks_not_set_up` when it was closed under a key that is not there, or was changed */
  open(closed: Buffer, owner: SecretOwner): string;
}

/**
 * @param text the key file: one key a line, 32 bytes as base64
 * @throws AppError `config_invalid`
 */
export function readWebhookKeys(text: string, path: string): readonly Buffer[] {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
  const isWhole = keys.length > 0 && keys.every((key) => key.length === KEY_BYTES);
  if (!isWhole) {
    throw new AppError('config_invalid', {
      errors: [`YUANLU_WEBHOOK_KEYS_FILE: ${path} must hold one key a line, each of 32 bytes as base64`],
    });
  }
  return keys;
}

export function secretBox(keys: readonly Buffer[], randomBytes: (sizeBytes: number) => Buffer): SecretBox {
  const [first] = keys;
  if (first === undefined) throw new AppError('webhooks_not_set_up');
  return {
    close: (secret, owner) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first, nonce).setAAD(boundTo(owner));
      const closed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return Buffer.concat([idOf(first), nonce, cipher.getAuthTag(), closed]);
    },
    open: (closed, owner) => {
      const key = keys.find((one) => idOf(one).equals(closed.subarray(0, KEY_ID_BYTES)));
      if (key === undefined) throw notOpened('the key that it was kept under is not in the file');
      return openWith(key, closed.subarray(KEY_ID_BYTES), owner);
    },
  };
}

function openWith(key: Buffer, closed: Buffer, owner: SecretOwner): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, closed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundTo(owner)).setAuthTag(closed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const text = decipher.update(closed.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    throw notOpened('it is not as it was kept');
  }
}

/** With its length, so that nothing moves from one part to the other. */
function boundTo({ merchantId, url }: SecretOwner): Buffer {
  return Buffer.from(JSON.stringify([merchantId, url]), 'utf8');
}

function idOf(key: Buffer): Buffer {
  return createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES);
}

function notOpened(why: string): AppError {
  return new AppError('webhooks_not_set_up', { sentence: `The secret of a webhook cannot be read: ${why}.` });
}
