/**
 * Checks webhooks as Standard Webhooks 1.0.0 has them: HMAC-SHA256 over `id.timestamp.body`, by the Web Crypto that every
 * runtime with `fetch` has. Its comparison takes the same time whatever is wrong.
 */
import { YuanluError } from './yuanlu-error.js';

/** What is older or newer than this is refused: somebody may have kept it. */
const WINDOW_SECONDS = 300;
/** By the standard; a shorter secret, or an empty one, would let anybody sign. */
const SECRET_BYTES_MIN = 24;

/** Not to be believed. `code` says why; answer 400 and do nothing. */
export class WebhookError extends YuanluError {
  name = 'WebhookError';
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export async function verifyWebhook(headers, body, secret, options = {}) {
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature').split(' ');
  const keys = await Promise.all([secret].flat().map(importSecret));
  if (keys.length === 0) throw new WebhookError('secret_invalid', 'there is no secret to check with');
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  if (!(await isSigned(signed, signatures, keys)))
    throw new WebhookError('signature_wrong', 'none of its signatures is of a secret that is known');
  checkTime(timestamp, options.now ?? new Date());
  return parsed(bytes);
}

/** Of a `Headers`, or of an object as Node has it: names in any case. */
function headerOf(headers, name) {
  const value =
    typeof headers.get === 'function'
      ? headers.get(name)
      : Object.entries(headers).find(([one]) => one.toLowerCase() === name)?.[1];
  if (typeof value !== 'string' || value === '')
    throw new WebhookError('header_missing', `the header ${name} is missing`);
  return value;
}

async function importSecret(secret) {
  const bytes = fromBase64(typeof secret === 'string' ? secret.replace(/^whsec_/, '') : '');
  if (bytes === undefined || bytes.length < SECRET_BYTES_MIN)
    throw new WebhookError('secret_invalid', 'a secret is whsec_ and base64 of at least 24 bytes');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

/** While a secret is exchanged there are two signatures; those of another version are not looked at. */
async function isSigned(signed, signatures, keys) {
  const found = signatures.filter((one) => one.startsWith('v1,')).map((one) => fromBase64(one.slice(3)));
  const checks = keys.flatMap((key) =>
    found.map((signature) =>
      signature === undefined ? false : crypto.subtle.verify('HMAC', key, signature, signed),
    ),
  );
  return (await Promise.all(checks)).includes(true);
}

function checkTime(timestamp, now) {
  const seconds = /^[0-9]{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  const age = now.getTime() / 1000 - seconds;
  if (!(Math.abs(age) <= WINDOW_SECONDS))
    throw new WebhookError('too_old', 'it was signed more than five minutes ago, or in the future');
}

function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new WebhookError('body_not_json', 'it is signed, and its body is no JSON');
  }
}

function joined(one, other) {
  const whole = new Uint8Array(one.length + other.length);
  whole.set(one);
  whole.set(other, one.length);
  return whole;
}

function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
