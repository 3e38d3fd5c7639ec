/** Everything about one refund that somebody outside may ask for, in one file. */
import { z } from 'zod';
import { beijingIso } from '../domain/receipt/words.ts';
import type { PackedLine } from '../receipts/pack.ts';
import { proofPack } from '../receipts/pack.ts';
import { publishedKeys } from '../receipts/receipt-keys.ts';
import type { MatchedLine } from '../store/receipt-lines.ts';
import { matchedLinesOf } from '../store/receipt-lines.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { refundNoField } from './fields.ts';
import { problemResponses } from './problem.ts';
import type { WithPress } from './receipt-desk.ts';
import { makeReceipt } from './receipt-desk.ts';
import { PAPER_PROBLEMS, paper } from './receipt-files.ts';
import { findEvidence, withReceipts } from './receipt-routes.ts';

export function proofPackRoute(app: App, deps: ApiDeps & WithPress): void {
  app.route({
    method: 'GET',
    url: '/v1/refunds/:refund_no/proof-pack',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'The proof pack of a refund: a zip',
      description: 'The same evidence gives the same bytes.',
      operationId: 'getProofPack',
      tags: ['receipts'],
      params: z.object({ refund_no: refundNoField }),
      response: {
        200: {
          description: 'The pack',
          content: { 'application/zip': { schema: z.string().describe('Bytes') } },
        },
        ...problemResponses(
          ...(['refund_unknown', 'refund_no_invalid', 'receipts_not_set_up'] as const),
          ...PAPER_PROBLEMS,
        ),
      },
    },
    handler: async (request, reply) => {
      const desk = withReceipts(deps);
      const evidence = await findEvidence(deps, callerOf(request).merchantId, request.params.refund_no);
      const signed = makeReceipt(desk, evidence);
      const [zh, en] = await Promise.all([paper(desk, signed, 'zh'), paper(desk, signed, 'en')]);
      const pack = await proofPack({
        signed,
        papers: { zh, en },
        observations: evidence.observations,
        lines: (await matchedLinesOf(deps.pool, evidence.refund)).map(toPackedLine),
        keys: publishedKeys(desk.receipts.keys),
        key: desk.receipts.keys.signing,
        publicUrl: desk.receipts.publicUrl,
      });
      return reply
        .header('content-disposition', `attachment; filename="refund-proof-${signed.receiptNo}.zip"`)
        .type('application/zip')
        .send(pack as never);
    },
  });
}

function toPackedLine(line: MatchedLine): PackedLine {
  return {
    file_sha256: line.fileSha256,
    bill_date: line.billDate,
    line_no: line.lineNo,
    kind: line.kind,
    occurred_at: beijingIso(line.occurredAt),
    amount_minor: line.amountMinor.toString(),
    currency: line.currency,
    refund_no: line.refundNo,
    channel_refund_no: line.channelRefundNo,
    payment_no: line.paymentNo,
    transaction_id: line.transactionId,
    status: line.status,
  };
}
