/**
 * A merchant as the channel's documents describe it, written apart from channels/alipay: it signs and verifies by itself,
 * cuts the signed node out of the raw answer, and sends the very bytes that it is told to send.
 */
import { createPublicKey, createSign, createVerify } from 'node:crypto';
import type { MerchantKeys } from '../../../sandbox/alipay/keys.ts';

export type Parameters = Readonly<Record<string, string>>;

/** The time in Beijing, whatever zone the host is in. */
export function beijingNow(shiftMs = 0): string {
  const shifted = new Date(Date.now() + shiftMs + 8 * 3_600_000).toISOString();
  return `${shifted.slice(0, 10)} ${shifted.slice(11, 19)}`;
}

/** What is signed: everything that is not empty, by name, but for those named. */
export function pairs(parameters: Parameters, ...without: readonly string[]): string {
  const names = Object.keys(parameters).filter((name) => !without.includes(name));
  names.sort();
  return names
    .filter((name) => parameters[name] !== '')
    .map((name) => `${name}=${parameters[name] ?? ''}`)
    .join('&');
}

export function rsa2(text: string | Buffer, privateKeyPem: string): string {
  return createSign('RSA-SHA256').update(text).sign(privateKeyPem, 'base64');
}

export function isRsa2(text: string | Buffer, signature: string, publicKeyPem: string): boolean {
  return createVerify('RSA-SHA256').update(text).verify(createPublicKey(publicKeyPem), signature, 'base64');
}

/** The parameters of a call, not yet signed. */
export function parametersOf(
  keys: Pick<MerchantKeys, 'appId'>,
  method: string,
  content: object,
  more: Parameters = {},
): Record<string, string> {
  return {
    app_id: keys.appId,
    method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: beijingNow(),
    version: '1.0',
    biz_content: JSON.stringify(content),
    ...more,
  };
}

export function signed(parameters: Parameters, privateKeyPem: string): Record<string, string> {
  return { ...parameters, sign: rsa2(pairs(parameters, 'sign'), privateKeyPem) };
}

export function form(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}

/** An answer taken apart: its first member is the node, the signature is the last. */
export interface TakenApart {
  readonly name: string;
  readonly nodeText: string;
  readonly sign: string | null;
  readonly certSn: string | null;
}

/** Knows how this gateway lays its answers out: node, certificate, signature, and nothing between them. */
export function takeApart(raw: string): TakenApart {
  const shape =
    /^\{"([a-z_]+)":(\{.*\})(?:,"alipay_cert_sn":"([0-9a-f]+)")?(?:,"sign":"([0-9A-Za-z+/=]+)")?\}$/s;
  const [, name = '', nodeText = '', certSn, sign] = shape.exec(raw) ?? [];
  return { name, nodeText, sign: sign ?? null, certSn: certSn ?? null };
}
