/** Receipts as files: signed JSON and PDF, for the merchant's programs and behind the payer's link. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Language } from '../domain/receipt/words.ts';
import type { SignedReceipt } from '../receipts/signed-receipt.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { refundNoField } from './fields.ts';
import { problemResponses } from './problem.ts';
import type { DocumentedAnswer, ReceiptDeps, WithPress } from './receipt-desk.ts';
import { checkUrl, makeReceipt } from './receipt-desk.ts';
import { findEvidence, withReceipts } from './receipt-routes.ts';

const params = z.object({ refund_no: refundNoField });
/** What may come in the way of a paper. */
export const PAPER_PROBLEMS = ['papers_queue_full', 'paper_timed_out'] as const;

const PROBLEMS = ['refund_unknown', 'refund_no_invalid', 'receipts_not_set_up'] as const;

const languageQuery = z.object({
  lang: z.enum(['zh', 'en']).default('zh').describe('Language of the paper'),
});

export function receiptFileRoutes(app: App, deps: ApiDeps & WithPress): void {
  app.route({
    method: 'GET',
    url: '/v1/refunds/:refund_no/receipt',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'The signed receipt',
      description:
        'Canonical JSON (RFC 8785) with an Ed25519 signature: keep it byte for byte. The same evidence gives the same bytes.',
      operationId: 'getReceipt',
      tags: ['receipts'],
      params,
      response: {
        200: z.object({ receipt: z.looseObject({ version: z.string() }), signature: signatureSchema }),
        ...problemResponses(...PROBLEMS),
      },
    },
    handler: async (request, reply) => {
      const desk = withReceipts(deps);
      const evidence = await findEvidence(deps, callerOf(request).merchantId, request.params.refund_no);
      const { text } = makeReceipt(desk, evidence);
      return reply
        .type('application/json')
        .serializer(String)
        .send(text as never);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/refunds/:refund_no/receipt.pdf',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'The receipt as PDF, the signed receipt inside it',
      operationId: 'getReceiptPdf',
      tags: ['receipts'],
      params,
      querystring: languageQuery,
      response: { 200: pdfResponse(), ...problemResponses(...PROBLEMS, ...PAPER_PROBLEMS) },
    },
    handler: async (request, reply) => {
      const desk = withReceipts(deps);
      const evidence = await findEvidence(deps, callerOf(request).merchantId, request.params.refund_no);
      return sendPdf(reply, desk, makeReceipt(desk, evidence), request.query.lang);
    },
  });
}

const signatureSchema = z
  .object({ algorithm: z.literal('Ed25519'), key_id: z.string(), value: z.string() })
  .meta({ id: 'ReceiptSignature' });

export function pdfResponse(): DocumentedAnswer<'application/pdf'> {
  return {
    description: 'The paper',
    content: { 'application/pdf': { schema: z.string().describe('Bytes') } },
  };
}

/** @throws AppError `papers_queue_full`, `paper_timed_out` */
export function paper(
  desk: ReceiptDeps & WithPress,
  signed: SignedReceipt,
  language: Language,
): Promise<Buffer> {
  const { receipt, receiptNo, text } = signed;
  const links = { check: checkUrl(desk, signed), verify: `${desk.receipts.publicUrl}/verify` };
  return desk.press.print({ receipt, receiptNo, text, language, links }, desk.receipts.keys.signing);
}

/** The name of the file is made of letters and digits only, whatever the refund's number holds. */
export async function sendPdf(
  reply: FastifyReply,
  desk: ReceiptDeps & WithPress,
  signed: SignedReceipt,
  language: Language,
): Promise<FastifyReply> {
  const bytes = await paper(desk, signed, language);
  return reply
    .header('content-disposition', `inline; filename="refund-receipt-${signed.receiptNo}.pdf"`)
    .type('application/pdf')
    .send(bytes);
}
