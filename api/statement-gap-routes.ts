/** Statements that should be here and are not. */
import { z } from 'zod';
import { STATEMENT_KINDS } from '../domain/statement/statement.ts';
import { merchantAccounts } from '../store/accounts.ts';
import { findStatementGaps } from '../store/statement-gaps.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { instantField } from './fields.ts';
import { problemResponses } from './problem.ts';

const gapSchema = z
  .object({
    account_id: z.string(),
    kind: z.enum(STATEMENT_KINDS),
    bill_date: z.iso.date(),
    due_at: instantField.describe('When the channel should have had it'),
    alert_at: instantField.describe('From when on it is a gap'),
    refusal_code: z.string().nullable().describe('Why the newest delivery was refused; null where none came'),
  })
  .meta({ id: 'StatementGap' });

export function statementGapRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/statement-gaps',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'Statements that should be here and are not, oldest day first',
      description: 'Of the last three months, which is how long channels keep them.',
      operationId: 'listStatementGaps',
      tags: ['books'],
      response: { 200: z.object({ gaps: z.array(gapSchema) }), ...problemResponses() },
    },
    handler: async (request) => {
      const ids = await merchantAccounts(deps.pool, callerOf(request).merchantId);
      const accounts = ids.flatMap((id) => {
        const limits = deps.channels.get(id)?.limits;
        if (limits === undefined) return [];
        return [{ id, kinds: limits.statementKinds, readyAfterMs: limits.statementReadyAfterMs }];
      });
      const gaps = await findStatementGaps(deps.pool, deps.clock.now(), accounts);
      return {
        gaps: gaps.map((gap) => ({
          ...{ account_id: gap.accountId, kind: gap.kind, bill_date: gap.billDate },
          ...{ due_at: gap.dueAt.toISOString(), alert_at: gap.alertAt.toISOString() },
          refusal_code: gap.refusedCode,
        })),
      };
    },
  });
}
