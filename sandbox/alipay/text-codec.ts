/** Text as bytes in the charset that a call names: UTF-8, or GBK as older integrations have it. */
import { toGb18030 } from '../gb18030.ts';

export const CHARSETS = ['utf-8', 'gbk'] as const;
export type Charset = (typeof CHARSETS)[number];

export function encode(text: string, charset: Charset): Buffer {
  return charset === 'gbk' ? toGb18030(text) : Buffer.from(text, 'utf8');
}

/** @throws TypeError for bytes that are none in the charset */
export function decode(bytes: Buffer, charset: Charset): string {
  const decoder = new TextDecoder(charset === 'gbk' ? 'gb18030' : 'utf-8', { fatal: true, ignoreBOM: true });
  return decoder.decode(bytes);
}
