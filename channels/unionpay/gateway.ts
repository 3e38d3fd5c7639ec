/** One signed call to UnionPay's gateway and what can be trusted of its answer: nothing without UnionPay's signature. */
import type { Clock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { FORM_TYPE, encodeForm } from '../form.ts';
import type { HttpClient } from '../http-client.ts';
import { createHttpClient } from '../http-client.ts';
import type { RateLimiter } from '../rate-limit.ts';
import { wallRateLimiter } from '../rate-limit.ts';
import type { Parameters } from '../sorted-pairs.ts';
import type { Distrust, KeepUnbelieved } from '../unbelieved.ts';
import { unbelieved } from '../unbelieved.ts';
import type { UnionpayAccount } from './account.ts';
import { readKeyValues, withoutEmpty } from './key-values.ts';
import { SIGN_METHOD, VERSION, isSignedBy, signFields } from './signing.ts';

/** From the first byte out to the last byte in; under the activities' own limits. */
const TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 1 << 20;
/**
 * A statement comes inside an answer, packed and as base64, and the signature is over all of it: so it is held whole, as
 * bytes, as text, and unpacked from base64 and deflate, together at most some four times this. Some million trades fit in.
 */
const FILE_ANSWER_BYTES_MAX = 128 * 1024 ** 2;

/** UnionPay publishes no figures; these stay far below what a merchant may send. */
const RATE_LIMITS = { goodPerSecond: 50, failingPerSecond: 10, waitingMax: 1_000 };

export type Answer =
  /** Signed by UnionPay. `respCode` says what it means. */
  | { readonly kind: 'signed'; readonly fields: Parameters; readonly respCode: string }
  | { readonly kind: 'unknown'; readonly why: string };

export type Target = 'backTransReq.do' | 'queryTrans.do' | 'file';

export interface Gateway {
  /** @throws AppError `statement_too_large` for a file transfer over the cap; any other answer over its cap is unknown */
  call(target: Target, fields: Parameters, signal?: AbortSignal): Promise<Answer>;
}

export interface GatewayDeps {
  readonly clock: Clock;
  /** Lower in tests. */
  readonly fileAnswerBytesMax?: number;
  readonly keepUnbelieved?: KeepUnbelieved;
  /** Replaced in tests. */
  readonly http?: HttpClient;
  readonly limiter?: RateLimiter;
}

export function createGateway(account: UnionpayAccount, deps: GatewayDeps): Gateway {
  const http = deps.http ?? createHttpClient({ timeoutMs: TIMEOUT_MS, answerBytesMax: ANSWER_BYTES_MAX });
  const fileBytesMax = deps.fileAnswerBytesMax ?? FILE_ANSWER_BYTES_MAX;
  const files = deps.http ?? createHttpClient({ timeoutMs: 4 * TIMEOUT_MS, answerBytesMax: fileBytesMax });
  const limiter = deps.limiter ?? wallRateLimiter(RATE_LIMITS, deps.clock);
  return {
    call: async (target, fields, signal) => {
      await limiter.turn(signal);
      const result = await (target === 'file' ? files : http).call({
        method: 'POST',
        url: target === 'file' ? account.fileUrl : `${account.gatewayBase}/${target}`,
        headers: { accept: '*/*', 'content-type': FORM_TYPE, 'user-agent': 'yuanlu (Node.js)' },
        body: encodeForm(signed(account, fields)),
        signal,
      });
      const read = result.ok
        ? readAnswer(account, result.answer.status, result.answer.body, deps.clock)
        : ({ kind: 'unknown', why: result.why } as const);
      if (result.ok && read.kind === 'distrusted')
        await deps.keepUnbelieved?.(unbelieved(target, result.answer, read.distrust));
      const answer: Answer =
        read.kind === 'distrusted'
          ? { kind: 'unknown', why: `the answer cannot be trusted (${read.distrust.why})` }
          : read;
      limiter.ended(answer.kind === 'signed');
      if (target === 'file' && !result.ok && result.isTooLarge === true)
        throw new AppError('statement_too_large', { cap: 'answer with the file', cap_bytes: fileBytesMax });
      return answer;
    },
  };
}

function signed(account: UnionpayAccount, fields: Parameters): Parameters {
  const all = {
    version: VERSION,
    encoding: 'UTF-8',
    signMethod: SIGN_METHOD,
    certId: account.certId,
    accessType: '0',
    merId: account.merId,
    ...fields,
  };
  return { ...all, signature: signFields(all, account.privateKey) };
}

type Read = Answer | { readonly kind: 'distrusted'; readonly distrust: Distrust };

function readAnswer(account: UnionpayAccount, status: number, body: Buffer, clock: Clock): Read {
  if (status !== 200) return { kind: 'unknown', why: `HTTP ${String(status)}` };
  const read = readKeyValues(body.toString('utf8').trimEnd());
  if (read === null) return { kind: 'unknown', why: 'the answer is not fields as documented' };
  const fields = withoutEmpty(read);
  const distrust = whyNotGenuine(account, fields, clock.wallNow());
  if (distrust !== null) return { kind: 'distrusted', distrust };
  const respCode = fields['respCode'];
  return respCode === undefined
    ? { kind: 'unknown', why: 'the answer has no respCode' }
    : { kind: 'signed', fields, respCode };
}

/** Null when the fields are signed by UnionPay. For answers and notices alike. */
export function whyNotGenuine(
  account: Pick<UnionpayAccount, 'certificates'>,
  fields: Parameters,
  wallNow: Date,
): Distrust | null {
  if (fields['version'] !== VERSION || fields['signMethod'] !== SIGN_METHOD)
    return invalid('not version 5.1.0 with a certificate');
  const pem = fields['signPubKeyCert'];
  if (pem === undefined) return invalid('no certificate');
  const verdict = account.certificates.judge(pem, wallNow);
  if (!verdict.believed) return verdict;
  return isSignedBy(fields, verdict.key) ? null : invalid('wrong signature');
}

function invalid(why: string): Distrust {
  return { code: 'callback_signature_invalid', why };
}
