/** What the rules suggest of many breaks, and accepting it: one list that a person sees first, and then that list or nothing. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { ACCEPTABLE_ACTS } from '../domain/statement/accepting.ts';
import { atStakeMinor } from '../domain/statement/break-work.ts';
import { BREAK_KINDS } from '../domain/statement/break.ts';
import type { Accepted, SuggestionFilter, SuggestionList } from '../store/break-suggestions.ts';
import { SUGGESTIONS_MAX, acceptSuggestions, suggestionsOf, takesTwo } from '../store/break-suggestions.ts';
import type { App } from './app.ts';
import { operatorOf } from './approval-routes.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { accountIdField, dayField, sentenceField } from './fields.ts';
import { problemResponses } from './problem.ts';

const askedSchema = z
  .strictObject({
    account_id: accountIdField.optional(),
    bill_date: dayField.optional(),
    kind: z.enum(BREAK_KINDS).optional(),
    suggestion: z.enum(ACCEPTABLE_ACTS).optional(),
    max_at_stake_minor: z
      .string()
      .regex(/^(0|[1-9][0-9]{0,15})$/, 'must be a whole number of fen, as text')
      .optional(),
    after: z
      .string()
      .regex(/^[0-9]{1,18}$/, 'must be the next_after of a list')
      .optional(),
    limit: z.int().min(1).max(SUGGESTIONS_MAX).default(SUGGESTIONS_MAX),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the fingerprint of the list that you saw')
      .optional()
      .describe('Of the list that you saw, to accept it; left out, nothing is done'),
    note: sentenceField.optional().describe('Why, with every break; needed to accept'),
    proof: sentenceField.optional().describe('What you saw outside of this system; write-offs need it'),
  })
  .meta({ id: 'BreakSuggestionsAsked' });

const listSchema = z
  .object({
    suggestions: z.array(
      z.object({
        break_no: z.string(),
        kind: z.enum(BREAK_KINDS),
        act: z.enum(ACCEPTABLE_ACTS),
        code: z.string().nullable(),
        line_break_no: z.string().nullable().describe('Of a force-match: the break about the line'),
        refund_no: z.string().nullable(),
        until: z.iso.date().nullable(),
        at_stake_minor: z.string(),
        why: z.string(),
      }),
    ),
    sums: z.array(
      z.object({
        act: z.enum(ACCEPTABLE_ACTS),
        code: z.string().nullable(),
        breaks: z.int(),
        at_stake_minor: z.string(),
      }),
    ),
    left_out: z
      .array(z.object({ break_no: z.string(), why: z.string() }))
      .describe('Over a limit, contested, or changed meanwhile: nothing is done about them'),
    fingerprint: z.string(),
    next_after: z.string().nullable(),
    accepted: z.boolean(),
    approvals: z
      .array(z.object({ id: z.string(), act: z.string(), break_nos: z.array(z.string()) }))
      .describe('What a second person is asked for'),
  })
  .meta({ id: 'BreakSuggestions' });

type ListResource = z.infer<typeof listSchema>;

export function breakSuggestionRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/breaks/suggestions',
    config: { scope: 'breaks:write' },
    schema: {
      summary: 'What the rules suggest of open breaks, and accepting it',
      description:
        'Without a `fingerprint` it only shows the list with its sums. With it that list is accepted: `resolve` and `wait` are done, each break by itself; `write_off` (one request for each reason) and `force_match` (one each) are asked of a second person, which takes `approvals:write`, too. 412 when the list is another one by now.',
      operationId: 'acceptBreakSuggestions',
      tags: ['books'],
      body: askedSchema,
      response: {
        200: listSchema,
        ...problemResponses(
          ...(['body_too_large', 'media_type_unsupported', 'operator_needed'] as const),
          ...(['precondition_failed', 'approval_not_applicable', 'break_unknown'] as const),
        ),
      },
    },
    handler: async (request) => {
      const { merchantId, scopes } = callerOf(request);
      const { fingerprint, note, proof } = request.body;
      const now = deps.clock.now();
      const list = await suggestionsOf(deps.pool, filterOf(request.body, merchantId), now);
      if (fingerprint === undefined) return toResource(list, null);
      const by = operatorOf(request);
      if (note === undefined) throw new AppError('request_invalid', { note: 'accepting needs it' });
      if (list.fingerprint !== fingerprint)
        throw new AppError('precondition_failed', { fingerprint: list.fingerprint });
      if (takesTwo(list) && !scopes.includes('approvals:write'))
        throw new AppError('forbidden', { needed: 'approvals:write' });
      return toResource(list, await acceptSuggestions(deps.pool, { list, merchantId, by, note, proof, now }));
    },
  });
}

function filterOf(asked: z.infer<typeof askedSchema>, merchantId: string): SuggestionFilter {
  const { account_id: accountId, bill_date: billDate, kind, suggestion, after, limit } = asked;
  const max = asked.max_at_stake_minor;
  return {
    ...{ merchantId, limit },
    ...(accountId === undefined ? {} : { accountId }),
    ...(billDate === undefined ? {} : { billDate }),
    ...(kind === undefined ? {} : { kind }),
    ...(suggestion === undefined ? {} : { act: suggestion }),
    ...(max === undefined ? {} : { maxStakeMinor: BigInt(max) }),
    ...(after === undefined ? {} : { after }),
  };
}

function toResource(list: SuggestionList, accepted: Accepted | null): ListResource {
  const left = [...list.leftOut, ...(accepted?.leftOut ?? [])];
  return {
    suggestions: list.suggested.map(({ break: one, suggestion }) => ({
      ...{ break_no: one.id, kind: one.kind, act: suggestion.act, why: suggestion.why },
      code: 'code' in suggestion ? suggestion.code : null,
      line_break_no: suggestion.act === 'force_match' ? suggestion.breakId : null,
      refund_no: suggestion.act === 'force_match' ? suggestion.refundNo : one.refundNo,
      until: suggestion.act === 'wait' ? suggestion.until : null,
      at_stake_minor: atStakeMinor(one).toString(),
    })),
    sums: sumsOf(list),
    left_out: left.map(({ breakId, why }) => ({ break_no: breakId, why })),
    ...{ fingerprint: list.fingerprint, next_after: list.next, accepted: accepted !== null },
    approvals: (accepted?.approvals ?? []).map(({ id, act, subject }) => ({
      ...{ id, act, break_nos: subject.of === 'breaks' ? [...subject.breakIds] : [] },
    })),
  };
}

function sumsOf({ suggested }: SuggestionList): ListResource['sums'] {
  const sums = new Map<string, { act: ListResource['sums'][number]['act']; breaks: number; minor: bigint }>();
  for (const { break: one, suggestion } of suggested) {
    const key = `${suggestion.act} ${'code' in suggestion ? suggestion.code : ''}`;
    const sum = sums.get(key) ?? { act: suggestion.act, breaks: 0, minor: 0n };
    sums.set(key, { ...sum, breaks: sum.breaks + 1, minor: sum.minor + atStakeMinor(one) });
  }
  return [...sums].map(([key, { act, breaks, minor }]) => ({
    ...{ act, breaks, at_stake_minor: minor.toString() },
    code: key.slice(act.length + 1) === '' ? null : key.slice(act.length + 1),
  }));
}
