/** AEAD_AES_256_GCM as WeChat Pay uses it for callbacks and certificates: the tag is the last 16 bytes. */
import { createDecipheriv } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';

export interface Sealed {
  readonly algorithm: string;
  /** Base64. */
  readonly ciphertext: string;
  readonly nonce: string;
  readonly associated_data?: string | undefined;
}

const ALGORITHM = 'AEAD_AES_256_GCM';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @throws AppError `callback_undecipherable` for anything that is not exactly what the channel documents */
export function open(sealed: Sealed, key: Buffer): Buffer {
  if (sealed.algorithm !== ALGORITHM) throw refuse('unknown algorithm');
  if (key.length !== KEY_BYTES) throw refuse('the APIv3 key is not 32 bytes');
  return openGcm('aes-256-gcm', sealed, key);
}

/** The mechanics, whatever the length of the key. @throws AppError `callback_undecipherable` */
export function openGcm(
  cipher: 'aes-128-gcm' | 'aes-256-gcm',
  sealed: Omit<Sealed, 'algorithm'>,
  key: Buffer,
): Buffer {
  const nonce = Buffer.from(sealed.nonce, 'utf8');
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  if (nonce.length !== NONCE_BYTES) throw refuse('the nonce is not 12 bytes');
  if (bytes.length <= TAG_BYTES) throw refuse('the ciphertext is too short');
  try {
    const decipher = createDecipheriv(cipher, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(sealed.associated_data ?? '', 'utf8'));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw refuse('the content does not fit its tag', error);
  }
}

function refuse(why: string, cause?: unknown): AppError {
  return new AppError('callback_undecipherable', { why }, { cause });
}
