/** Four eyes over HTTP: ask for an act that needs two people, see what waits, decide another's request. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Approval } from '../domain/approval.ts';
import { VERDICTS, refundNosOf } from '../domain/approval.ts';
import { AppError } from '../domain/errors.ts';
import { carryOutAct, contentOfAct } from '../store/acts/carry-out.ts';
import { askForApproval, decideApproval, getApproval, listApprovals } from '../store/approvals.ts';
import type { App } from './app.ts';
import type { Asked } from './approval-asked.ts';
import { askSchema, cardField, subjectOf, toldBy } from './approval-asked.ts';
import { approvalSchema, toApprovalResource } from './approval-resource.ts';
import { callerOf } from './authenticate.ts';
import { daySealing } from './day-sealing.ts';
import type { ApiDeps } from './deps.ts';
import { limitField, sentenceField } from './fields.ts';
import { refundOf } from './one-refund-route.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';
import { markOfCard, redirectOrderOf, sendRedirect } from './redirect-refund.ts';

const decisionSchema = z
  .strictObject({
    verdict: z.enum(VERDICTS),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the fingerprint of the request that you saw')
      .describe('Of the request that you saw: nothing else is decided'),
    reason: sentenceField,
    card: cardField
      .omit({ bank: true })
      .optional()
      .describe('Of a refund that goes to a card: typed by the second person too, since nobody keeps it'),
  })
  .meta({ id: 'ApprovalDecision' });

const decidedSchema = approvalSchema
  .extend({
    channel_answer: z
      .string()
      .nullable()
      .describe(
        'Where approving it told the channel something: `taken`, or its code, or why it gave no answer',
      ),
  })
  .meta({ id: 'ApprovalDecided' });

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
          'break_unknown',
          'refund_no_invalid',
          'approval_not_applicable',
          'redirect_invalid',
          ...DAY_PROBLEMS,
        ),
      },
    },
    handler: async (request, reply) => {
      const { merchantId } = callerOf(request);
      const askedBy = operatorOf(request);
      const { act, reason } = request.body;
      const subject = subjectOf(request.body);
      const told = toldBy(request.body, await cardMarkOf(deps, merchantId, request.body));
      const content = await contentOfAct(deps.pool, { merchantId, act, subject, told }, daySealing(deps));
      const now = deps.clock.now();
      const approval = await askForApproval(deps.pool, {
        ...{ merchantId, act, subject, content },
        ...{ askedBy, reason, now },
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
      response: { 200: decidedSchema, ...problemResponses(...BODY_PROBLEMS, ...DECISION_PROBLEMS) },
    },
    handler: async (request) => {
      const { verdict, fingerprint, reason, card } = request.body;
      const { merchantId } = callerOf(request);
      const by = operatorOf(request);
      const { id } = request.params;
      const asked = await getApproval(deps.pool, merchantId, id);
      const isRedirect = asked.act === 'redirect_refund' && verdict === 'approved';
      const redirectOrder = isRedirect ? await redirectOrderOf(deps, asked, card) : null;
      const now = deps.clock.now();
      const approval = await decideApproval(
        deps.pool,
        { id, merchantId, verdict, by, fingerprint, reason, now },
        (tx, approved) => carryOutAct(tx, approved, now, daySealing(deps)),
      );
      const said = redirectOrder === null ? null : await sendRedirect(deps, approval, redirectOrder);
      if (approval.usedAt !== null) await tellRefunds(deps, approval, request);
      return { ...toApprovalResource(approval, now), channel_answer: said };
    },
  });
}

async function cardMarkOf(deps: ApiDeps, merchantId: string, asked: Asked): Promise<string | null> {
  if (asked.act !== 'redirect_refund') return null;
  return markOfCard(deps, await refundOf(deps, merchantId, asked.refund_no), asked.card);
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
export function operatorOf(request: FastifyRequest): string {
  const { operator } = callerOf(request);
  if (operator === undefined) throw new AppError('operator_needed');
  return operator;
}

/** A line that is given to a refund concerns it as much as an act on the refund itself. */
function refundsConcerned({ act, subject, content }: Approval): readonly string[] {
  const { refund_no: refundNo, refund_nos: together } = content;
  if (act === 'match_together' && together !== undefined) return together.split(' ');
  return act === 'force_match' && refundNo !== undefined ? [refundNo] : refundNosOf(subject);
}

/** Their workflows look again at once; where Temporal is away they do so at their next look. */
async function tellRefunds(deps: ApiDeps, approval: Approval, request: FastifyRequest): Promise<void> {
  const { id, merchantId } = approval;
  try {
    for (const refundNo of refundsConcerned(approval))
      await deps.refundEngine.channelReported({ merchantId, refundNo }, `approval/${id}`);
  } catch (error) {
    request.log.warn(
      { approval: id, err: error },
      'a decision was recorded, and not all workflows were told',
    );
  }
}

const BODY_PROBLEMS = ['body_too_large', 'media_type_unsupported'] as const;

/** Of days that are closed or reopened. */
const DAY_PROBLEMS = [
  'account_unknown',
  'day_not_closable',
  'day_closed',
  'day_not_closed',
  'receipts_not_set_up',
] as const;

const DECISION_PROBLEMS = [
  ...DAY_PROBLEMS,
  'operator_needed',
  'approval_unknown',
  'approval_expired',
  'approval_decided',
  'approval_own',
  'approval_differs',
  'approval_outdated',
  'approval_not_applicable',
  'break_unknown',
  'approval_card_needed',
  'approval_card_differs',
  'redirect_invalid',
  'refund_exceeds_payment',
] as const;
