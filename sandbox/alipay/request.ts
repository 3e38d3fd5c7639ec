/**
 * A call as it comes over the wire: parameters in the address, in the form, or in both; then everything that the gateway
 * asks of them before a product sees the call.
 */
import { createPublicKey } from 'node:crypto';
import { readBeijingTime } from '../../domain/time/plain-date.ts';
import type { ChannelKeys } from './keys.ts';
import type { SandboxMerchant } from './model.ts';
import { AlipayProblem, invalid, missing } from './problem.ts';
import { isSignatureOf, textOf } from './signing.ts';
import type { Charset } from './text-codec.ts';
import { CHARSETS, decode, encode } from './text-codec.ts';

/** A wrong time zone is the mistake that integrations make. */
const SKEW_MAX_MS = 10 * 60_000;

export interface RawCall {
  /** What stands behind the question mark. */
  readonly query: string;
  readonly form: Buffer;
}

export interface GatewayCall {
  readonly merchant: SandboxMerchant;
  readonly method: string;
  readonly charset: Charset;
  readonly content: Readonly<Record<string, unknown>>;
}

/** The parameters, and the charset in which they are written. @throws AlipayProblem of the gateway */
function readParameters(raw: RawCall): {
  readonly parameters: ReadonlyMap<string, string>;
  readonly charset: Charset;
} {
  const parts = [raw.query, raw.form.toString('latin1')].flatMap((text) =>
    text.split('&').filter((part) => part !== ''),
  );
  const pairs = parts.map((part) => {
    const equals = part.indexOf('=');
    const [name, value] = equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
    return [unescaped(name).toString('latin1'), unescaped(value)] as const;
  });
  const charset = charsetOf(pairs.find(([name]) => name === 'charset')?.[1].toString('latin1'));
  const parameters = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (parameters.has(name)) throw invalid('parameter', `参数重复：${name}`);
    parameters.set(name, decoded(value, charset));
  }
  return { parameters, charset };
}

/** Makes the check of who sent a call. @throws AlipayProblem of the gateway */
export function callChecker(
  merchants: readonly SandboxMerchant[],
  channel: Pick<ChannelKeys, 'rootSn'>,
): (raw: RawCall, wallNow: Date) => GatewayCall {
  const known = new Map(
    merchants.map((merchant) => [merchant.appId, { merchant, key: createPublicKey(merchant.publicKeyPem) }]),
  );
  return (raw, wallNow) => {
    const { parameters, charset } = readParameters(raw);
    const get = (name: string): string => parameters.get(name) ?? '';
    const method = get('method');
    if (method === '') throw missing('method');
    const { merchant, key } = known.get(get('app_id')) ?? unknownApp(get('app_id'));
    checkForm(parameters, wallNow);
    checkCertificates(parameters, merchant, channel.rootSn);
    const signature = get('sign');
    if (signature === '') throw missing('signature');
    if (!isSignatureOf(encode(textOf(parameters, ['sign']), charset), signature, key)) {
      throw invalid(
        'signature',
        `验签出错，请检查签名内容与私钥；待验签字符串：${textOf(parameters, ['sign'])}`,
      );
    }
    return { merchant, method, charset, content: contentOf(get('biz_content')) };
  };
}

function checkForm(parameters: ReadonlyMap<string, string>, wallNow: Date): void {
  const get = (name: string): string => parameters.get(name) ?? '';
  if (get('sign_type') === '') throw missing('signature-type');
  if (get('sign_type') !== 'RSA2') throw invalid('signature-type', '沙箱仅支持 RSA2');
  if (!['', 'json'].includes(get('format').toLowerCase())) throw invalid('format', '仅支持 JSON');
  if (get('version') === '') throw missing('version');
  if (get('version') !== '1.0') throw invalid('version', '仅支持 1.0');
  if (get('timestamp') === '') throw missing('timestamp');
  const at = /^\d{4}(-\d{2}){2} \d{2}(:\d{2}){2}$/.test(get('timestamp'))
    ? readBeijingTime(get('timestamp'))
    : null;
  if (at === null) throw invalid('timestamp', '应为 yyyy-MM-dd HH:mm:ss，北京时间');
  if (Math.abs(at.getTime() - wallNow.getTime()) > SKEW_MAX_MS)
    throw invalid('timestamp', '与服务器时间相差超过十分钟，请检查时区');
}

/** In certificate mode a call names both certificates, in the other mode none. */
function checkCertificates(
  parameters: ReadonlyMap<string, string>,
  { keyMode, certificateSn }: SandboxMerchant,
  rootSn: string,
): void {
  const expected = keyMode === 'certificate' ? [certificateSn, rootSn] : ['', ''];
  const names = ['app_cert_sn', 'alipay_root_cert_sn'];
  names.forEach((name, index) => {
    const given = parameters.get(name) ?? '';
    if (given === expected[index]) return;
    const subCode = name.replaceAll('_', '-');
    if (given === '') throw missing(subCode);
    throw invalid(subCode, `${name} 与应用的接口加签方式不符`);
  });
}

function charsetOf(given: string | undefined): Charset {
  if (given === undefined || given === '') throw missing('charset');
  const charset = CHARSETS.find((one) => one === given.toLowerCase());
  if (charset === undefined) throw invalid('charset', `不支持的编码：${given}`);
  return charset;
}

function contentOf(text: string): Readonly<Record<string, unknown>> {
  if (text === '') return {};
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw invalid('parameter', 'biz_content 不是合法的 JSON 对象');
}

function unknownApp(appId: string): never {
  throw appId === ''
    ? missing('app-id')
    : new AlipayProblem('40002', 'isv.invalid-app-id', '无效的AppID', true);
}

/** `%XX` and `+` as bytes; anything else as it is. */
function unescaped(text: string): Buffer {
  const plain = text
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}

function decoded(bytes: Buffer, charset: Charset): string {
  try {
    return decode(bytes, charset);
  } catch {
    throw invalid('charset', '参数内容与 charset 不符');
  }
}
