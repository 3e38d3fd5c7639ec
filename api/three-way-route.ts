/** A day of an account three ways: the books, the trade statement, what left the account. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { BREAK_KINDS } from '../domain/statement/break.ts';
import { FUND_FLOW_KINDS } from '../domain/statement/statement.ts';
import type { FlowTotals, ThreeWay, ThreeWayStep } from '../domain/statement/three-way.ts';
import { EXPLAINED_KINDS, isExplained, unexplainedMinor } from '../domain/statement/three-way.ts';
import { DAY_ENDS_EARLY_MS } from '../domain/time/arrival-window.ts';
import { isAccountOf, threeWayOf } from '../store/three-way.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { accountIdField } from './fields.ts';
import { problemResponses } from './problem.ts';

const minorField = z.string().describe('Fen as a string of digits, with a minus below zero');

const itemSchema = z
  .object({
    kind: z.enum([...EXPLAINED_KINDS, ...BREAK_KINDS]),
    explained: z.boolean(),
    count: z.int(),
    minor: minorField.describe('Above zero where the second side has more'),
  })
  .meta({ id: 'ThreeWayItem' });

const stepSchema = z
  .object({ from_minor: minorField, to_minor: minorField, items: z.array(itemSchema) })
  .meta({ id: 'ThreeWayStep', description: '`from_minor` and the items make `to_minor`, to the fen' });

const sideSchema = z.enum(['loaded', 'empty', 'missing', 'clearing']);

const countedSchema = z.object({ count: z.int(), minor: minorField });

const flowTotals = {
  ...{ count: z.int(), minor: minorField, fee_minor: minorField },
  ...{ back_minor: minorField, back_fee_minor: minorField },
};

const threeWaySchema = z
  .object({
    account_id: z.string(),
    bill_date: z.iso.date(),
    explained: z
      .boolean()
      .describe('All statements are there, nothing waits and nothing is without a reason'),
    unexplained_minor: minorField.describe('All that has no reason, added up without signs'),
    statements: z.object({ trade: sideSchema, fund_flow: sideSchema }),
    books: countedSchema,
    trade: z.object({ count: z.int(), minor: minorField, payer_minor: minorField, fee_minor: minorField }),
    fund_flow: z.object(flowTotals),
    fund_accounts: z.array(
      z.object({
        ...{ kind: z.enum(FUND_FLOW_KINDS), statement: sideSchema, ...flowTotals },
        to_own: countedSchema.describe("To the merchant's other fund accounts: of no refund"),
        from_own: countedSchema,
      }),
    ),
    steps: z.object({
      books_to_trade: stepSchema,
      trade_to_fund_flow: stepSchema,
      fees: stepSchema,
      given_back: stepSchema,
    }),
  })
  .meta({
    id: 'ThreeWay',
    description: 'What was refunded on a day, by three witnesses, and why they differ',
  });

export function threeWayRoute(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/three-way',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'A day of an account three ways: books, trade statement, fund-flow statement',
      operationId: 'getThreeWay',
      tags: ['books'],
      querystring: z.strictObject({
        account_id: accountIdField,
        bill_date: z.iso
          .date({ error: 'must be a day such as 2026-11-23' })
          .regex(/^20/, 'must be in this century'),
      }),
      response: { 200: threeWaySchema, ...problemResponses('account_unknown') },
    },
    handler: async (request) => {
      const { account_id: accountId, bill_date: billDate } = request.query;
      const channel = deps.channels.get(accountId);
      const isOurs = await isAccountOf(deps.pool, accountId, callerOf(request).merchantId);
      if (channel === undefined || !isOurs) throw new AppError('account_unknown', { account_id: accountId });
      const { movementWords: words, lineProves: proves, name, limits } = channel;
      const kinds = limits.statementKinds;
      const line = { proves, dayEndsEarlyMs: DAY_ENDS_EARLY_MS[name] };
      return toResource(await threeWayOf(deps.pool, { accountId, billDate, words, kinds, line }));
    },
  });
}

function toResource(day: ThreeWay): z.infer<typeof threeWaySchema> {
  const { books, trade, fundFlow } = day;
  return {
    account_id: day.accountId,
    bill_date: day.billDate,
    explained: isExplained(day),
    unexplained_minor: unexplainedMinor(day).toString(),
    statements: { trade: day.statements.trade, fund_flow: day.statements.fundFlow },
    books: { count: books.count, minor: books.minor.toString() },
    trade: {
      count: trade.count,
      minor: trade.minor.toString(),
      payer_minor: trade.payerMinor.toString(),
      fee_minor: trade.feeMinor.toString(),
    },
    fund_flow: toFlow(fundFlow),
    fund_accounts: day.fundAccounts.map(({ kind, statement, toOwn, fromOwn, ...totals }) => ({
      ...{ kind, statement, ...toFlow(totals) },
      to_own: { count: toOwn.count, minor: toOwn.minor.toString() },
      from_own: { count: fromOwn.count, minor: fromOwn.minor.toString() },
    })),
    steps: {
      books_to_trade: toStep(day.booksToTrade),
      trade_to_fund_flow: toStep(day.tradeToFundFlow),
      fees: toStep(day.fees),
      given_back: toStep(day.givenBack),
    },
  };
}

function toFlow(flow: FlowTotals) {
  return {
    count: flow.count,
    minor: flow.minor.toString(),
    fee_minor: flow.feeMinor.toString(),
    back_minor: flow.backMinor.toString(),
    back_fee_minor: flow.backFeeMinor.toString(),
  };
}

function toStep({ fromMinor, toMinor, items }: ThreeWayStep): z.infer<typeof stepSchema> {
  return {
    from_minor: fromMinor.toString(),
    to_minor: toMinor.toString(),
    items: items.map(({ kind, isExplained: explained, count, minor }) => ({
      ...{ kind, explained, count, minor: minor.toString() },
    })),
  };
}
