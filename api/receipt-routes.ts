/** Receipts for the merchant's programs: links that payers can open, and that can be taken back. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { ReceiptLink } from '../store/receipt-links.ts';
import {
  createReceiptLink,
  evidenceOfRefund,
  listReceiptLinks,
  revokeReceiptLinks,
} from '../store/receipt-links.ts';
import type { Evidence } from '../store/receipt-evidence.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { instantField, refundNoField } from './fields.ts';
import { problemResponses } from './problem.ts';
import type { ReceiptDeps } from './receipt-desk.ts';

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 90;
/** Three years: as long as records of a trade are owed to the payer (E-Commerce Law, Arts. 31, 53). */
const DAYS_MAX = 1_096;
/** Links that a list shows; a refund has few. */
const LISTED_MAX = 200;

const linkSchema = z
  .object({
    id: z.string(),
    created_by: z.string().describe('Id of the API key that asked for it'),
    created_at: instantField,
    expires_at: instantField,
    revoked_at: instantField.nullable(),
  })
  .meta({ id: 'ReceiptLink', description: 'A link that opens the receipt of a refund, without its address' });

export const linkMadeSchema = linkSchema
  .extend({
    url: z.string().describe('For the payer. Shown once: it is kept nowhere'),
  })
  .meta({ id: 'ReceiptLinkMade' });

export const linkAskSchema = z
  .strictObject({
    expires_in_days: z
      .int()
      .min(1)
      .max(DAYS_MAX)
      .default(DAYS_DEFAULT)
      .describe(`1 to ${String(DAYS_MAX)} days`),
    replace: z.boolean().default(false).describe('Takes the earlier links of the refund back'),
  })
  .meta({ id: 'ReceiptLinkAsked' });

const params = z.object({ refund_no: refundNoField });
const linkParams = params.extend({
  link_id: z.string().regex(/^[1-9][0-9]{0,17}$/, 'must be the id of a link'),
});
const revokedSchema = z.object({ revoked: z.int().min(0).describe('How many were open') });

const PROBLEMS = ['refund_unknown', 'refund_no_invalid', 'receipts_not_set_up'] as const;

export function receiptRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/refunds/:refund_no/receipt-links',
    config: { scope: 'refunds:write' },
    schema: {
      summary: 'Make a link to the receipt',
      description:
        'Whoever has the address can read the receipt until it expires or is taken back. Give it to the payer only.',
      operationId: 'createReceiptLink',
      tags: ['receipts'],
      params,
      body: linkAskSchema,
      response: {
        201: linkMadeSchema,
        ...problemResponses(...PROBLEMS, 'body_too_large', 'media_type_unsupported'),
      },
    },
    handler: async (request, reply) => {
      const desk = withReceipts(deps);
      const caller = callerOf(request);
      const { refund } = await findEvidence(deps, caller.merchantId, request.params.refund_no);
      const createdAt = deps.clock.now();
      const expiresAt = new Date(createdAt.getTime() + request.body.expires_in_days * DAY_MS);
      const { links, publicUrl } = desk.receipts;
      const handle = deps.randomBytes(links.handleBytes);
      const link = await createReceiptLink(deps.pool, {
        ...{ refundId: refund.id, handle, createdBy: caller.id, createdAt, expiresAt },
        replace: request.body.replace,
      });
      reply.header('location', `${linksUrl(refund.refundNo)}/${link.id}`);
      const url = `${publicUrl}/r/${links.make(handle, expiresAt)}`;
      return reply.code(201).send({ ...toLinkResource(link), url });
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/refunds/:refund_no/receipt-links',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'The links to a receipt, newest first, without their addresses',
      operationId: 'listReceiptLinks',
      tags: ['receipts'],
      params,
      response: {
        200: z.object({ refund_no: z.string(), links: z.array(linkSchema) }),
        ...problemResponses(...PROBLEMS),
      },
    },
    handler: async (request) => {
      withReceipts(deps);
      const { refund } = await findEvidence(deps, callerOf(request).merchantId, request.params.refund_no);
      const links = await listReceiptLinks(deps.pool, refund.id, { limit: LISTED_MAX });
      return { refund_no: refund.refundNo, links: links.map(toLinkResource) };
    },
  });
  revokeRoutes(app, deps);
}

function revokeRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'DELETE',
    url: '/v1/refunds/:refund_no/receipt-links',
    config: { scope: 'refunds:write' },
    schema: {
      summary: 'Take all links to a receipt back',
      operationId: 'revokeReceiptLinks',
      tags: ['receipts'],
      params,
      response: { 200: revokedSchema, ...problemResponses(...PROBLEMS) },
    },
    handler: async (request) => {
      withReceipts(deps);
      const { refund } = await findEvidence(deps, callerOf(request).merchantId, request.params.refund_no);
      return { revoked: await revokeReceiptLinks(deps.pool, refund.id, null, deps.clock.now()) };
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/refunds/:refund_no/receipt-links/:link_id',
    config: { scope: 'refunds:write' },
    schema: {
      summary: 'Take one link to a receipt back',
      operationId: 'revokeReceiptLink',
      tags: ['receipts'],
      params: linkParams,
      response: { 200: revokedSchema, ...problemResponses(...PROBLEMS, 'receipt_link_unknown') },
    },
    handler: async (request) => {
      withReceipts(deps);
      const { refund_no: refundNo, link_id: linkId } = request.params;
      const { refund } = await findEvidence(deps, callerOf(request).merchantId, refundNo);
      const revoked = await revokeReceiptLinks(deps.pool, refund.id, linkId, deps.clock.now());
      if (revoked === 0) throw new AppError('receipt_link_unknown', { refund_no: refundNo, link_id: linkId });
      return { revoked };
    },
  });
}

/** @throws AppError `receipts_not_set_up` */
export function withReceipts<Deps extends ApiDeps>(deps: Deps): Deps & ReceiptDeps {
  const { receipts } = deps;
  if (receipts === undefined) throw new AppError('receipts_not_set_up');
  return { ...deps, receipts };
}

/** @throws AppError `refund_unknown` */
export async function findEvidence(deps: ApiDeps, merchantId: string, refundNo: string): Promise<Evidence> {
  const evidence = await evidenceOfRefund(deps.pool, merchantId, refundNo);
  if (evidence === null) throw new AppError('refund_unknown', { refund_no: refundNo });
  return evidence;
}

function linksUrl(refundNo: string): string {
  return `/v1/refunds/${encodeURIComponent(refundNo)}/receipt-links`;
}

function toLinkResource(link: ReceiptLink): z.infer<typeof linkSchema> {
  return {
    id: link.id,
    created_by: link.createdBy,
    created_at: link.createdAt.toISOString(),
    expires_at: link.expiresAt.toISOString(),
    revoked_at: link.revokedAt?.toISOString() ?? null,
  };
}
