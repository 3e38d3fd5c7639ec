/** Whatever is thrown on the way of a request becomes one error of the catalogue, and one answer. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../domain/errors.ts';
import { AppError, ERRORS } from '../domain/errors.ts';
import { asAppError } from '../store/pool.ts';
import { PROBLEM_TYPE, toProblem } from './problem.ts';

/** Seconds after which a caller may repeat what failed because something was away. */
export const RETRY_AFTER_SECONDS = 5;

/** Fastify's sentences may quote what was sent; no caller needs its own kilobytes back. */
const SENTENCE_LENGTH_MAX = 200;

/** Fastify's own refusals. What is not named here and is a client's fault is `request_invalid`. */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_NOT_FOUND: 'not_found',
};

export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return new AppError('invariant_broken', { thrown: typeof error });
  const { code, statusCode } = error as Partial<FastifyError> & Error;
  const known = code === undefined ? undefined : FASTIFY_CODES[code];
  if (known !== undefined) return new AppError(known, {}, { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError(
      'request_invalid',
      { sentence: error.message.slice(0, SENTENCE_LENGTH_MAX) },
      { cause: error },
    );
  }
  const away = asAppError(error);
  return away instanceof AppError ? away : new AppError('invariant_broken', {}, { cause: error });
}

/** Writes an error to the log: loudly when it is ours, in one line when something is away or it is the caller's. */
export function logFault(request: FastifyRequest, error: AppError): void {
  const { status, retryable } = ERRORS[error.code];
  if (status >= 500 && !retryable)
    request.log.error({ err: error.cause ?? error, code: error.code }, error.message);
  else if (status >= 500) request.log.warn({ code: error.code, because: saidBy(error.cause) }, error.message);
  else request.log.info({ code: error.code }, 'refused');
}

function saidBy(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message.slice(0, SENTENCE_LENGTH_MAX) : undefined;
}

/** Answers with the problem document of an error. */
export async function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const fault = toAppError(error);
  logFault(request, fault);
  const { status, retryable } = ERRORS[fault.code];
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="yuanlu"');
  // The limit of requests has said it more exactly already.
  const later = (status === 503 || status === 429) && retryable;
  if (later && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_SECONDS);
  await reply.code(status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(toProblem(fault, request.id));
}
