/** What a new delivery of a day changed, line by line, with both sides. */
import { z } from 'zod';
import { maskedAccount } from '../domain/receipt/mask.ts';
import { AppError } from '../domain/errors.ts';
import type { LineChange, LineContent } from '../store/statements-diff.ts';
import { diffOf, fieldChanges, listLineChanges, numbersOf } from '../store/statements-diff.ts';
import { getStatementFile } from '../store/statements-files.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { instantField, limitField } from './fields.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';

export const changeCountsSchema = z
  .object({
    added: z.int().describe('Lines that the delivery before had not'),
    gone: z.int().describe('Lines that only the delivery before had'),
    changed: z.int().describe('Lines of the same numbers that say something else'),
  })
  .meta({ id: 'StatementChangeCounts' });

const lineSchema = z
  .object({
    line_no: z.int(),
    line_type: z.string(),
    refund_no: z.string().nullable(),
    channel_refund_no: z.string().nullable(),
    transaction_id: z.string().nullable(),
    payment_no: z.string().nullable(),
    occurred_at: instantField,
    amount_minor: z.string(),
    payer_minor: z.string().nullable(),
    fee_e5: z.string().nullable().describe('The fee in 1/100000 yuan'),
    currency: z.string(),
    status: z.string().nullable(),
    funding: z.string().nullable(),
  })
  .meta({ id: 'StatementLine' });

const changeSchema = z
  .object({
    no: z.int().describe('From 1 on, in the order of the files'),
    change: z.enum(['added', 'gone', 'changed']),
    same_by: z
      .record(z.string(), z.string())
      .describe('The numbers that make it the same line; empty for a line that prints none'),
    differs_in: z.array(z.string()).describe('Fields of a changed line that are not the same on both sides'),
    before: lineSchema.nullable(),
    after: lineSchema.nullable(),
  })
  .meta({ id: 'StatementLineChange' });

const idField = z.string().regex(/^[0-9]{1,18}$/, 'must be the id of a statement');
const cursorField = z.string().regex(/^[0-9]{1,9}$/, 'must be the next_cursor of a page');

export function statementChangesRoute(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/statements/:statement_id/changes',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'What this delivery of its day changed against the one before it, line by line',
      description:
        'Lines are the same by their type and all of their numbers; what else they say may differ. Nothing for the first delivery of a day. Deliveries that came before an upgrade to this version have their counts only.',
      operationId: 'listStatementChanges',
      tags: ['books'],
      params: z.object({ statement_id: idField }),
      querystring: z.strictObject({ cursor: cursorField.optional(), limit: limitField }),
      response: {
        200: z.object({
          supersedes: z.string().nullable().describe('The delivery that it took the place of'),
          counts: changeCountsSchema.nullable(),
          changes: z.array(changeSchema),
          next_cursor: z.string().nullable(),
        }),
        ...problemResponses('statement_unknown'),
      },
    },
    handler: async (request, reply) => {
      const { statement_id: id } = request.params;
      const { cursor, limit } = request.query;
      const file = await getStatementFile(deps.pool, id, callerOf(request).merchantId);
      if (file === null) throw new AppError('statement_unknown', { number: id });
      const found = await listLineChanges(deps.pool, file, { after: Number(cursor ?? 0), limit: limit + 1 });
      const page = found.slice(0, limit);
      const next = found.length > limit ? String(page.at(-1)?.no) : null;
      linkNextPage(request, reply, next);
      return {
        supersedes: file.supersedes,
        counts: diffOf(file),
        changes: page.map(toChangeResource),
        next_cursor: next,
      };
    },
  });
}

function toChangeResource(change: LineChange): z.infer<typeof changeSchema> {
  const { no, before, after } = change;
  return {
    no,
    change: before === null ? 'added' : after === null ? 'gone' : 'changed',
    same_by: Object.fromEntries(numbersOf(change)),
    differs_in: fieldChanges(change).map(({ field }) => field),
    before: before === null ? null : toLineResource(before),
    after: after === null ? null : toLineResource(after),
  };
}

function toLineResource(line: LineContent): z.infer<typeof lineSchema> {
  return {
    line_no: line.lineNo,
    line_type: line.lineType,
    refund_no: line.refundNo,
    channel_refund_no: line.channelRefundNo,
    transaction_id: line.transactionId,
    payment_no: line.paymentNo,
    occurred_at: line.occurredAt.toISOString(),
    amount_minor: line.amountMinor.toString(),
    payer_minor: line.payerMinor?.toString() ?? null,
    fee_e5: line.feeE5?.toString() ?? null,
    currency: line.currency,
    status: line.status,
    funding: line.funding === null ? null : maskedAccount(line.funding),
  };
}
