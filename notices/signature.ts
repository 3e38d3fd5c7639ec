/**
 * Signatures of webhooks as Standard Webhooks 1.0.0 has them: HMAC-SHA256 over `id.timestamp.body`, under a secret that is
 * written as `whsec_` and base64. A receiver takes any library of that standard, or `verifyWebhook` of `yuanlu/client`.
 */
import { createHmac } from 'node:crypto';

/** Between the 24 and 64 bytes of the standard. */
const SECRET_BYTES = 32;

export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** A new secret as its owner is shown it, once. */
export function newWebhookSecret(randomBytes: (sizeBytes: number) => Buffer): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/**
 * The headers of one sending. While a secret is exchanged both sign: the receiver takes whichever it knows.
 * @param sentAt wall time; receivers refuse what is older than a few minutes
 */
export function signWebhook(
  o: { readonly id: string; readonly sentAt: Date; readonly body: string },
  secrets: readonly string[],
): SignedHeaders {
  const timestamp = String(Math.floor(o.sentAt.getTime() / 1_000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const mac = createHmac('sha256', key).update(`${o.id}.${timestamp}.${o.body}`, 'utf8');
    return `v1,${mac.digest('base64')}`;
  });
  return {
    'webhook-id': o.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
