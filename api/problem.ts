/** RFC 9457 problems: the one shape in which this API says no, made from the catalogue of errors. */
import { z } from 'zod';
import type { ErrorCode, ErrorEntry } from '../domain/errors.ts';
import { AppError, ERRORS } from '../domain/errors.ts';

export const PROBLEM_TYPE = 'application/problem+json';

const fieldErrorSchema = z.object({
  in: z.enum(['body', 'query', 'path', 'header']),
  pointer: z.string().describe('JSON pointer to the field inside that part'),
  detail: z.string(),
});

export type FieldError = z.infer<typeof fieldErrorSchema>;

const problemSchema = z
  .object({
    type: z.string().describe('urn:yuanlu:error: and the code'),
    title: z.string().describe('What is the case, in one sentence; the same for each problem of this code'),
    status: z.int().describe('The HTTP status'),
    detail: z.string().describe('What is the case with this very request'),
    code: z.string().describe('Stable; programs decide by it'),
    remedy: z.string().describe('What to do'),
    retryable: z.boolean().describe('Whether the same request may succeed later without anybody changing it'),
    instance: z.string().describe('urn:yuanlu:request: and the id of the request, as in x-request-id'),
    errors: z.array(fieldErrorSchema).optional().describe('Each field that is wrong'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

export type Problem = z.infer<typeof problemSchema>;

/** The problem document of an error. Faults of our own say nothing about the inside. */
export function toProblem(error: AppError, requestId: string): Problem {
  const entry: ErrorEntry = ERRORS[error.code];
  const { errors } = error.details;
  return {
    type: `urn:yuanlu:error:${error.code}`,
    title: entry.title,
    status: entry.status,
    detail: entry.status === 500 ? 'The log has the facts under this request id.' : detailOf(error, entry),
    code: error.code,
    remedy: entry.remedy,
    retryable: entry.retryable,
    instance: `urn:yuanlu:request:${requestId}`,
    ...(isFieldErrors(errors) ? { errors: [...errors] } : {}),
  };
}

/** The facts of an error as one line: its own sentence where it has one. */
function detailOf(error: AppError, entry: ErrorEntry): string {
  const { sentence, ...facts } = error.details;
  if (typeof sentence === 'string') return sentence;
  const named = Object.entries(facts)
    .filter(([name]) => name !== 'errors')
    .map(([name, value]) => `${name} ${String(value)}`);
  return named.length === 0 ? entry.title : named.join(', ');
}

function isFieldErrors(errors: unknown): errors is readonly FieldError[] {
  return (
    Array.isArray(errors) &&
    errors.length > 0 &&
    errors.every((one) => fieldErrorSchema.safeParse(one).success)
  );
}

interface ProblemResponse {
  readonly description: string;
  readonly content: Readonly<Record<typeof PROBLEM_TYPE, { readonly schema: z.ZodType<Problem> }>>;
}

/** What any route behind an API key may answer besides its own problems. */
export const EVERYWHERE = [
  'request_invalid',
  'unauthorized',
  'forbidden',
  'rate_limited',
  'database_unavailable',
  'invariant_broken',
] as const satisfies readonly ErrorCode[];

/** The documented problem responses of a route behind an API key, by status. */
export function problemResponses(...codes: readonly ErrorCode[]): Record<number, ProblemResponse> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...EVERYWHERE, ...codes])) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, some]) => [status, problemResponse(some)]));
}

/** The documented response with one of these, which all have one status. */
export function problemResponse(codes: readonly ErrorCode[]): ProblemResponse {
  const narrowed = z.object({ code: z.enum(codes) }).meta({ examples: codes.map(exampleOf) });
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('\n\n'),
    content: { [PROBLEM_TYPE]: { schema: z.intersection(problemSchema, narrowed) } },
  };
}

function exampleOf(code: ErrorCode): Problem {
  return toProblem(new AppError(code), '0f8c3a5e9b7d4216');
}
