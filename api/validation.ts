/** Checks requests against their schemas and says what is wrong with each field. */
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import type { ErrorCode } from '../domain/errors.ts';
import { AppError } from '../domain/errors.ts';
import type { FieldError } from './problem.ts';

/** Fields whose faults have a code of their own. A field that is missing altogether is `request_invalid`. */
const FIELD_CODES: Readonly<Record<string, ErrorCode>> = {
  amount_minor: 'amount_invalid',
  captured_minor: 'amount_invalid',
  value_minor: 'amount_invalid',
  used_minor: 'amount_invalid',
  refund_no: 'refund_no_invalid',
  currency: 'currency_mismatch',
};

const IN: Readonly<Record<string, FieldError['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

/** Fastify's validator compiler for zod schemas; a request that does not fit ends as an AppError. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    const parsed = schema.safeParse(data, { reportInput: true, error: plainWords });
    if (parsed.success) return { value: parsed.data };
    return { error: refusal(parsed.error.issues, IN[httpPart ?? 'body'] ?? 'body') };
  };

function plainWords(issue: { readonly code?: string; readonly input?: unknown }): string | undefined {
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : undefined;
}

function refusal(issues: readonly z.core.$ZodIssue[], part: FieldError['in']): AppError {
  const errors = issues.map((issue) => ({ in: part, pointer: pointerOf(issue), detail: issue.message }));
  const codes = new Set(issues.map((issue) => codeOf(issue, part)));
  const [only = 'request_invalid'] = codes;
  const sentence = errors.map((one) => `${one.pointer} ${one.detail}`).join('; ');
  return new AppError(codes.size === 1 ? only : 'request_invalid', {
    sentence: `${part}: ${sentence}`,
    errors,
  });
}

function codeOf(issue: z.core.$ZodIssue, part: FieldError['in']): ErrorCode {
  const field = String(issue.path.at(-1) ?? '');
  const missing = issue.input === undefined;
  if (part === 'header' && field === 'idempotency-key' && missing) return 'idempotency_key_missing';
  return missing ? 'request_invalid' : (FIELD_CODES[field] ?? 'request_invalid');
}

function pointerOf(issue: z.core.$ZodIssue): string {
  return issue.path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
