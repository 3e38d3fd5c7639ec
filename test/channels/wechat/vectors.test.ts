/** Vectors published by WeChat Pay's own SDKs, where they are at hand (YUANLU_VECTORS). */
import { X509Certificate, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openGcm } from '../../../channels/wechat/decrypt.ts';
import { certificatesSchema } from '../../../channels/wechat/schemas.ts';
import { answerMessage, requestMessage } from '../../../channels/wechat/signing.ts';
import { TOLERANCE_MS, isSignature, verifyMessage } from '../../../channels/wechat/verification.ts';

const folder = process.env['YUANLU_VECTORS'];

const vector = z.looseObject({ id: z.string(), kind: z.string(), expect: z.record(z.string(), z.unknown()) });

type Vector = z.infer<typeof vector>;

if (folder !== undefined) {
  const file = (name: string): Buffer => readFileSync(join(folder, 'wechat', name));
  const { vectors } = z
    .object({ vectors: z.array(vector) })
    .parse(JSON.parse(file('vectors.json').toString()));

  describe('the published vectors', () => {
    test('are there', () => {
      expect(vectors.length).toBeGreaterThan(20);
    });

    test.each(vectors.map((one) => [one.id, one] as const))('%s', async (_id, one) => {
      await check(one, file);
    });
  });
} else {
  test('the published vectors are looked for where YUANLU_VECTORS points', () => {
    expect(folder).toBeUndefined();
  });
}

type Files = (name: string) => Buffer;

async function check(one: Vector, file: Files): Promise<void> {
  switch (one.kind) {
    case 'rsa_sha256_verify':
      checkSignature(one, file);
      return;
    case 'v3_request_string_to_sign':
      checkRequestText(one);
      return;
    case 'v3_response_string_to_verify':
      expect(
        answerMessage(text(one, 'timestamp'), text(one, 'nonce'), Buffer.from(text(one, 'body'))).toString(),
      ).toBe(one.expect['string_to_verify']);
      return;
    case 'v3_header_rules':
      expect(TOLERANCE_MS / 1_000).toBe(one.expect['max_skew_seconds']);
      return;
    case 'v3_callback':
      await checkCallback(one, file);
      return;
    case 'aes_gcm_decrypt':
      checkDecryption(one);
      return;
    case 'platform_certificates_download':
      checkCertificates(one, file);
      return;
    case 'certificate_serial':
      expect(new X509Certificate(file(text(one, 'certificate'))).serialNumber).toBe(
        one.expect['serial_hex_upper'],
      );
      return;
    default:
      throw new Error(`a kind of vector without a check: ${one.kind}`);
  }
}

function text(one: Vector, name: string): string {
  return z.string().parse(one[name]);
}

function keyOf(pem: Buffer): KeyObject {
  return pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
}

function checkSignature(one: Vector, file: Files): void {
  for (const name of z.array(z.string()).parse(one['public_key'])) {
    const key = keyOf(file(name));
    const isKnown = text(one, 'serial') === text(one, 'known_serial');
    const message = Buffer.from(text(one, 'message'));

    expect(isKnown && isSignature(message, text(one, 'signature_base64'), key)).toBe(one.expect['valid']);
  }
}

function checkRequestText(one: Vector): void {
  const message = requestMessage({
    method: text(one, 'method'),
    pathAndQuery: text(one, 'url_path_and_query'),
    timestamp: String(one['timestamp']),
    nonce: text(one, 'nonce_str'),
    body: Buffer.from(text(one, 'body')),
  });

  expect(message.toString()).toBe(one.expect['string_to_sign']);
}

/** The keys of some vectors have 16 bytes; production's have 32, and only those are taken by `open`. */
function cipherFor(key: string): 'aes-128-gcm' | 'aes-256-gcm' {
  return key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
}

function checkDecryption(one: Vector): void {
  const key = text(one, 'key_utf8');
  const open = (): string =>
    openGcm(
      cipherFor(key),
      {
        ciphertext: text(one, 'ciphertext_base64'),
        nonce: text(one, 'nonce_utf8'),
        associated_data: text(one, 'associated_data_utf8'),
      },
      Buffer.from(key),
    ).toString();

  if (one.expect['error'] === true) expect(open).toThrow('callback_undecipherable');
  else expect(open()).toBe(one.expect['plaintext']);
}

async function checkCallback(one: Vector, file: Files): Promise<void> {
  const headers = z.record(z.string(), z.string()).parse(one['headers']);
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const body = file(text(one, 'body_file'));
  const certificate = new X509Certificate(file(text(one, 'platform_certificate')));
  const keys = {
    find: (serial: string) =>
      Promise.resolve(serial === certificate.serialNumber ? certificate.publicKey : undefined),
  };
  const at = new Date(Number(lower.get('wechatpay-timestamp')) * 1_000);

  const verdict = await verifyMessage({ header: (name) => lower.get(name), body }, keys, at);

  expect(verdict.genuine).toBe(one.expect['signature_valid']);
  const { resource } = z
    .object({
      resource: z.object({ ciphertext: z.string(), nonce: z.string(), associated_data: z.string() }),
    })
    .parse(JSON.parse(body.toString()));
  const key = text(one, 'api_v3_key');
  expect(openGcm(cipherFor(key), resource, Buffer.from(key)).toString()).toBe(one.expect['plaintext']);
}

function checkCertificates(one: Vector, file: Files): void {
  const list = certificatesSchema.parse(JSON.parse(file(text(one, 'response_file')).toString()));
  const found = list.data.find((entry) => entry.serial_no === one.expect['serial_no']);
  const key = text(one, 'api_v3_key');

  const opened =
    found === undefined
      ? ''
      : openGcm(cipherFor(key), found.encrypt_certificate, Buffer.from(key)).toString();

  expect(opened).toBe(file(z.string().parse(one.expect['plaintext_file'])).toString());
  expect(new X509Certificate(opened).serialNumber).toBe(one.expect['serial_no']);
}
