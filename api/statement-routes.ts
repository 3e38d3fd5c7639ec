/** What the channels delivered: which file of which day, what became of it, and the rows that could not be read. */
import { z } from 'zod';
import { maskedAccount } from '../domain/receipt/mask.ts';
import { AppError } from '../domain/errors.ts';
import { STATEMENT_KINDS } from '../domain/statement/statement.ts';
import type { StatementTotals } from '../domain/statement/statement.ts';
import { diffOf } from '../store/statements-diff.ts';
import type { StatementFile } from '../store/statements-files.ts';
import { getStatementFile, listQuarantined, listStatementFiles } from '../store/statements-files.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { accountIdField, dayField, instantField, limitField } from './fields.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';
import { changeCountsSchema } from './statement-changes-route.ts';

/** Rows set aside that are shown; the file itself has all of them. */
const SET_ASIDE_SHOWN_MAX = 200;

const totalsSchema = z
  .record(z.string(), z.string())
  .describe('Sums in minor units and counts, as texts, by the names of the statement');

const statementSchema = z
  .object({
    id: z.string(),
    account_id: z.string(),
    kind: z.enum(STATEMENT_KINDS),
    bill_date: z.iso.date().describe('The Beijing day that it is about'),
    part: z.string(),
    revision: z.int().describe('1, 2, … for the deliveries of a day; 0 for a refused file'),
    status: z.enum(['loaded', 'empty', 'superseded', 'refused']),
    sha256: z.string().nullable().describe('Of the file as it was read, unpacked'),
    currency: z.string().nullable(),
    lines: z.int(),
    refund_lines: z.int(),
    set_aside: z.int().describe('Rows that could not be read'),
    totals_declared: totalsSchema,
    totals_computed: totalsSchema,
    refusal_code: z.string().nullable(),
    refused_count: z.int(),
    supersedes: z.string().nullable().describe('The delivery of the day that it took the place of'),
    changes: changeCountsSchema.nullable().describe('Against that delivery, in lines; see its `changes`'),
    received_at: instantField,
    matched_at: instantField.nullable(),
  })
  .meta({ id: 'Statement', description: 'One file of a channel for one day of one account' });

const setAsideSchema = z
  .object({
    line_no: z.int(),
    code: z.string().nullable(),
    reason: z.string(),
    raw: z.string().describe('The row, longer numbers masked'),
  })
  .meta({ id: 'SetAsideRow' });

const idField = z.string().regex(/^[0-9]{1,18}$/, 'must be the id of a statement');
export function statementRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/statements',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'Statement files, in the order in which they came',
      operationId: 'listStatements',
      tags: ['books'],
      querystring: z.strictObject({
        account_id: accountIdField.optional(),
        from: dayField.optional().describe('First bill date'),
        to: dayField.optional().describe('Last bill date'),
        cursor: idField.optional(),
        limit: limitField,
      }),
      response: {
        200: z.object({ statements: z.array(statementSchema), next_cursor: z.string().nullable() }),
        ...problemResponses(),
      },
    },
    handler: async (request, reply) => {
      const { account_id: accountId, from, to, cursor, limit } = request.query;
      const files = await listStatementFiles(deps.pool, {
        merchantId: callerOf(request).merchantId,
        limit: limit + 1,
        ...(accountId === undefined ? {} : { accountId }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      const page = files.slice(0, limit);
      const next = files.length > limit ? (page.at(-1)?.id ?? null) : null;
      linkNextPage(request, reply, next);
      return { statements: page.map(toStatementResource), next_cursor: next };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/statements/:statement_id',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'One statement file, with the rows that could not be read',
      operationId: 'getStatement',
      tags: ['books'],
      params: z.object({ statement_id: idField }),
      response: {
        200: statementSchema
          .extend({ rows_set_aside: z.array(setAsideSchema) })
          .meta({ id: 'StatementShown' }),
        ...problemResponses('statement_unknown'),
      },
    },
    handler: async (request) => {
      const { statement_id: id } = request.params;
      const file = await getStatementFile(deps.pool, id, callerOf(request).merchantId);
      if (file === null) throw new AppError('statement_unknown', { number: id });
      const rows = (await listQuarantined(deps.pool, file.id)).slice(0, SET_ASIDE_SHOWN_MAX);
      return {
        ...toStatementResource(file),
        rows_set_aside: rows.map(({ lineNo, code, reason, raw }) => ({
          ...{ line_no: lineNo, code, reason: maskedAccount(reason), raw: maskedAccount(raw) },
        })),
      };
    },
  });
}

function toStatementResource(file: StatementFile): z.infer<typeof statementSchema> {
  return {
    id: file.id,
    account_id: file.accountId,
    kind: file.kind,
    bill_date: file.billDate,
    part: file.part,
    revision: file.revision,
    status: file.status,
    sha256: file.sha256,
    currency: file.currency,
    lines: file.lines,
    refund_lines: file.refundLines,
    set_aside: file.quarantined,
    totals_declared: toTexts(file.totals.declared),
    totals_computed: toTexts(file.totals.computed),
    refusal_code: file.refusalCode,
    refused_count: file.refusedCount,
    supersedes: file.supersedes,
    changes: diffOf(file),
    received_at: file.receivedAt.toISOString(),
    matched_at: file.matchedAt?.toISOString() ?? null,
  };
}

function toTexts(totals: StatementTotals): Record<string, string> {
  return Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, String(value)]));
}
