/** Four eyes over HTTP: ask for an act that needs two people, see what waits, decide another's request. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Approval } from '../domain/approval.ts';
import { ACTS, APPROVAL_STATUSES, VERDICTS, approvalStatus } from '../domain/approval.ts';
import { AppError } from '../domain/errors.ts';
import { askForApproval, decideApproval, getApproval, listApprovals } from '../store/approvals.ts';
import { resolutionContent, resolveRefund } from '../store/resolve-refund.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { instantField, limitField, refundNoField, sentenceField } from './fields.ts';
import { refundOf } from './one-refund-route.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';

const approvalSchema = z
  .object({
    id: z.string(),
    act: z.enum(ACTS),
    refund_no: z.string(),
    content: z.record(z.string(), z.string()).describe('Exactly what is done when it is approved'),
    fingerprint: z.string().describe('SHA-256 over it; sent back with the decision'),
    status: z
      .enum(APPROVAL_STATUSES)
      .describe('`used`: approved and done. `expired`: nobody decided in time; it is asked for again'),
    asked_by: z.string(),
    asked_at: instantField,
    reason: z.string(),
    expires_at: instantField,
    decision: z
      .object({ verdict: z.enum(VERDICTS), by: z.string(), at: instantField, reason: z.string() })
      .nullable(),
    used_at: instantField.nullable(),
  })
  .meta({ id: 'Approval', description: 'A request of one named person that another decides' });

export type ApprovalResource = z.infer<typeof approvalSchema>;

const askSchema = z
  .strictObject({
    act: z.enum(ACTS),
    refund_no: refundNoField,
    as: z.enum(['paid', 'not_paid']).describe('What became of the refund'),
    proof: sentenceField.describe('What you saw outside of this system: a letter, a ticket, a number'),
    reason: sentenceField.describe('Why it is for people to decide'),
  })
  .meta({ id: 'ApprovalAsked' });

const decisionSchema = z
  .strictObject({
    verdict: z.enum(VERDICTS),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the fingerprint of the request that you saw')
      .describe('Of the request that you saw: nothing else is decided'),
    reason: sentenceField,
  })
  .meta({ id: 'ApprovalDecision' });

const params = z.object({ id: z.string().regex(/^[0-9]{1,18}$/, 'must be the id of a request') });

export function approvalRoutes(app: App, deps: ApiDeps): void {
  readingRoutes(app, deps);

  app.route({
    method: 'POST',
    url: '/v1/approvals',
    config: { scope: 'approvals:write' },
    schema: {
      summary: 'Ask for an act that needs two people',
      description:
        'The key must name a person. Another person decides within a day; the same request again is the one that waits.',
      operationId: 'askForApproval',
      tags: ['approvals'],
      body: askSchema,
      response: {
        201: approvalSchema,
        ...problemResponses(
          ...BODY_PROBLEMS,
          'operator_needed',
          'refund_unknown',
          'refund_no_invalid',
          'approval_not_applicable',
        ),
      },
    },
    handler: async (request, reply) => {
      const { body } = request;
      const { merchantId } = callerOf(request);
      const askedBy = operatorOf(request);
      const refund = await refundOf(deps, merchantId, body.refund_no);
      const content = await resolutionContent(deps.pool, refund, body);
      const now = deps.clock.now();
      const approval = await askForApproval(deps.pool, {
        ...{ merchantId, act: body.act, refundNo: body.refund_no, content },
        ...{ askedBy, reason: body.reason, now },
      });
      reply.header('location', `/v1/approvals/${approval.id}`);
      return reply.code(201).send(toApprovalResource(approval, now));
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/approvals/:id/decision',
    config: { scope: 'approvals:write' },
    schema: {
      summary: "Decide another's request",
      description: 'What is approved is done at once, in the same transaction, and only as it was asked.',
      operationId: 'decideApproval',
      tags: ['approvals'],
      params,
      body: decisionSchema,
      response: { 200: approvalSchema, ...problemResponses(...BODY_PROBLEMS, ...DECISION_PROBLEMS) },
    },
    handler: async (request) => {
      const { verdict, fingerprint, reason } = request.body;
      const { merchantId } = callerOf(request);
      const now = deps.clock.now();
      const approval = await decideApproval(
        deps.pool,
        { id: request.params.id, merchantId, verdict, by: operatorOf(request), fingerprint, reason, now },
        async (tx, asked) => {
          await resolveRefund(tx, asked, now);
        },
      );
      if (approval.usedAt !== null) await tellRefund(deps, approval, request);
      return toApprovalResource(approval, now);
    },
  });
}

function readingRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/approvals',
    config: { scope: 'approvals:read' },
    schema: {
      summary: 'Requests for acts that need two people, newest first',
      operationId: 'listApprovals',
      tags: ['approvals'],
      querystring: z.strictObject({
        waiting: z.enum(['true', 'false']).optional().describe('`true`: only what waits for a decision'),
        cursor: params.shape.id.optional(),
        limit: limitField,
      }),
      response: {
        200: z.object({ approvals: z.array(approvalSchema), next_cursor: z.string().nullable() }),
        ...problemResponses(),
      },
    },
    handler: async (request, reply) => {
      const { waiting, cursor, limit } = request.query;
      const now = deps.clock.now();
      const { approvals, next } = await listApprovals(deps.pool, callerOf(request).merchantId, {
        limit,
        ...(cursor === undefined ? {} : { after: cursor }),
        ...(waiting === 'true' ? { waitingAt: now } : {}),
      });
      linkNextPage(request, reply, next);
      return { approvals: approvals.map((one) => toApprovalResource(one, now)), next_cursor: next };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/approvals/:id',
    config: { scope: 'approvals:read' },
    schema: {
      summary: 'One request',
      operationId: 'getApproval',
      tags: ['approvals'],
      params,
      response: { 200: approvalSchema, ...problemResponses('approval_unknown') },
    },
    handler: async (request) =>
      toApprovalResource(
        await getApproval(deps.pool, callerOf(request).merchantId, request.params.id),
        deps.clock.now(),
      ),
  });
}

/** The person behind the key. @throws AppError `operator_needed` when the key names none. */
function operatorOf(request: FastifyRequest): string {
  const { operator } = callerOf(request);
  if (operator === undefined) throw new AppError('operator_needed');
  return operator;
}

/** The workflow looks again at once; where Temporal is away it does so at its next look. */
async function tellRefund(deps: ApiDeps, approval: Approval, request: FastifyRequest): Promise<void> {
  const { id, merchantId, refundNo } = approval;
  try {
    await deps.refundEngine.channelReported({ merchantId, refundNo }, `approval/${id}`);
  } catch (error) {
    request.log.warn({ approval: id, err: error }, 'a decision was recorded, and its workflow was not told');
  }
}

function toApprovalResource(approval: Approval, now: Date): ApprovalResource {
  const { decision } = approval;
  return {
    id: approval.id,
    act: approval.act,
    refund_no: approval.refundNo,
    content: approval.content,
    fingerprint: approval.fingerprint,
    status: approvalStatus(approval, now),
    asked_by: approval.askedBy,
    asked_at: approval.askedAt.toISOString(),
    reason: approval.reason,
    expires_at: approval.expiresAt.toISOString(),
    decision:
      decision === null
        ? null
        : {
            verdict: decision.verdict,
            by: decision.by,
            at: decision.at.toISOString(),
            reason: decision.reason,
          },
    used_at: approval.usedAt?.toISOString() ?? null,
  };
}

const BODY_PROBLEMS = ['body_too_large', 'media_type_unsupported'] as const;

const DECISION_PROBLEMS = [
  'operator_needed',
  'approval_unknown',
  'approval_expired',
  'approval_decided',
  'approval_own',
  'approval_differs',
  'approval_outdated',
] as const;
