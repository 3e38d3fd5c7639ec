/** The APIv3 signatures and encryption, from the channel's side. Written apart from the client's on purpose. */
import { createCipheriv, createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SandboxMerchant } from './model.ts';
import { signError } from './problem.ts';

const SCHEME = 'WECHATPAY2-SHA256-RSA2048';
const SKEW_MAX_SECONDS = 300;
/** How much of the text to sign is told back when a signature is wrong. */
const SHOWN_BYTES = 256;

/** A key that signs answers and callbacks, under the name that goes into `Wechatpay-Serial`. */
export interface Signer {
  readonly serial: string;
  readonly privateKey: KeyObject;
}

export function signerOf(serial: string, privateKeyPem: string): Signer {
  return { serial, privateKey: createPrivateKey(privateKeyPem) };
}

/** A request as it came over the wire: nothing decoded, nothing parsed. */
export interface RawRequest {
  readonly authorization: string | undefined;
  readonly method: string;
  /** Path and query exactly as sent. */
  readonly target: string;
  readonly body: Buffer;
}

/** Makes the check of who sent a request. @throws WechatProblem 401 `SIGN_ERROR` */
export function requestChecker(
  merchants: readonly SandboxMerchant[],
): (request: RawRequest, wallNow: Date) => SandboxMerchant {
  const known = new Map(
    merchants.map((merchant) => [merchant.mchid, { merchant, key: createPublicKey(merchant.publicKeyPem) }]),
  );
  return (request, wallNow) => {
    const fields = readAuthorization(request.authorization);
    const { merchant, key } = known.get(fields.mchid) ?? fail('商户号不存在');
    if (fields.serial_no.toUpperCase() !== merchant.certificateSerial.toUpperCase())
      fail(`商户证书序列号有误: ${fields.serial_no}`);
    if (!/^[0-9]{1,12}$/.test(fields.timestamp)) fail('时间戳有误: 应为以秒为单位的整数');
    if (Math.abs(wallNow.getTime() / 1000 - Number(fields.timestamp)) > SKEW_MAX_SECONDS)
      fail(`时间戳已过期: 服务器时间为 ${String(Math.floor(wallNow.getTime() / 1000))}`);
    if (!/^[0-9A-Za-z]{1,32}$/.test(fields.nonce_str)) fail('随机串有误: 应为 1 至 32 位字母或数字');
    const head = `${request.method}\n${request.target}\n${fields.timestamp}\n${fields.nonce_str}\n`;
    const text = Buffer.concat([Buffer.from(head), request.body, Buffer.from('\n')]);
    if (!verify('sha256', text, key, Buffer.from(fields.signature, 'base64'))) {
      throw signError('签名错误，请检查后再试', notTheSame(request, text));
    }
    return merchant;
  };
}

/** What was verified, so that the caller sees where its own text differs. The real channel tells as much. */
function notTheSame({ method, target }: RawRequest, text: Buffer): Readonly<Record<string, unknown>> {
  return {
    field: 'signature',
    issue: 'sign not match',
    location: 'authorization',
    sign_information: {
      method,
      url: target,
      truncated_sign_message: text.subarray(0, SHOWN_BYTES).toString('utf8'),
      sign_message_length: text.length,
    },
  };
}

interface Authorization {
  readonly mchid: string;
  readonly nonce_str: string;
  readonly signature: string;
  readonly timestamp: string;
  readonly serial_no: string;
}

function readAuthorization(header: string | undefined): Authorization {
  const [scheme, rest = ''] = splitOnce(header ?? '', ' ');
  if (scheme !== SCHEME) fail('Authorization 格式有误');
  const fields = new Map<string, string>();
  for (const part of rest.split(',')) {
    const [name, quoted = ''] = splitOnce(part.trim(), '=');
    if (fields.has(name) || !/^".*"$/.test(quoted)) fail('Authorization 格式有误');
    fields.set(name, quoted.slice(1, -1));
  }
  const get = (name: keyof Authorization): string => fields.get(name) ?? fail(`Authorization 缺少 ${name}`);
  return {
    mchid: get('mchid'),
    nonce_str: get('nonce_str'),
    signature: get('signature'),
    timestamp: get('timestamp'),
    serial_no: get('serial_no'),
  };
}

/** How a signature is spoilt: one that belongs to other bytes, or the marked one by which WeChat tests its merchants. */
export type Spoilt = 'wrong' | 'probe';

/** The headers that sign a body: an answer's or a callback's. */
export function signatureHeaders(
  signer: Signer,
  body: string,
  wallNow: Date,
  spoilt?: Spoilt,
): Record<string, string> {
  const timestamp = String(Math.floor(wallNow.getTime() / 1000));
  const nonce = randomBytes(16).toString('hex');
  const signed = spoilt === undefined ? body : `${body} `;
  const signature = sign('sha256', Buffer.from(`${timestamp}\n${nonce}\n${signed}\n`), signer.privateKey);
  const text = signature.toString('base64');
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': signer.serial,
    'Wechatpay-Signature': spoilt === 'probe' ? `WECHATPAY/SIGNTEST/${text}` : text,
    'Wechatpay-Signature-Type': SCHEME,
  };
}

/** The `resource` of callbacks and certificates: AES-256-GCM, the tag behind the ciphertext, all in base64. */
export interface Sealed {
  readonly algorithm: 'AEAD_AES_256_GCM';
  readonly ciphertext: string;
  readonly associated_data: string;
  readonly nonce: string;
}

export function seal(apiV3Key: string, associatedData: string, plaintext: string): Sealed {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from(associatedData));
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: sealed.toString('base64'),
    associated_data: associatedData,
    nonce,
  };
}

function splitOnce(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function fail(message: string): never {
  throw signError(message);
}
