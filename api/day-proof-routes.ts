/** What a closed day is proven with outside: its whole file, and the proof that a refund stood in it. */
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { dayProof, proofSchema } from '../closing/day-proof.ts';
import type { BuiltTree, LeafName } from '../closing/day-tree.ts';
import { buildDayTree } from '../closing/day-tree.ts';
import { statementIdsOf } from '../closing/record.ts';
import type { LeafBatch } from '../domain/close/leaves.ts';
import { AppError } from '../domain/errors.ts';
import type { Refund } from '../domain/refund/refund.ts';
import type { Closing } from '../store/close/closed-days.ts';
import { closingsOfRefund } from '../store/close/closed-days.ts';
import { dayLeaves, placesOfRefund } from '../store/close/day-leaves.ts';
import type { Tx } from '../store/pool.ts';
import { inTransaction } from '../store/pool.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import { closingOf, dayParams } from './day-routes.ts';
import type { ApiDeps } from './deps.ts';
import { refundNoField } from './fields.ts';
import { refundOf } from './one-refund-route.ts';
import { problemResponses } from './problem.ts';

export function dayProofRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/accounts/:account_id/days/:bill_date/closing/file',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'A closed day as a file that proves itself',
      description:
        'The signed record in the first line, then each line, match and break as it was closed. `yuanlu close verify` checks it without a network.',
      operationId: 'getClosedDayFile',
      tags: ['books'],
      params: dayParams,
      response: {
        200: {
          description: 'The day',
          content: {
            'application/x-ndjson': { schema: z.string().describe('A JSON document in each line') },
          },
        },
        ...problemResponses('account_unknown', 'day_not_closed'),
      },
    },
    handler: async (request, reply) => {
      const closing = await closingOf(deps, callerOf(request).merchantId, request.params);
      const file = new PassThrough();
      // What cannot be read to its end is cut off, and a file that was cut off is not genuine.
      inSnapshot(deps, (tx) => pipeline(fileOf(closing, leavesOf(tx, closing)), file)).catch(
        (error: unknown) => {
          request.log.warn(
            { err: error, closing: closing.id },
            'the file of a closed day was not sent to its end',
          );
          file.destroy();
        },
      );
      return reply.type('application/x-ndjson').send(file as never);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/refunds/:refund_no/day-proof',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'That a refund stood in a closed day',
      description:
        'Of the newest closing that has it: its leaves, each with its way to the signed root. `yuanlu close verify` checks it without a network.',
      operationId: 'getDayProof',
      tags: ['books'],
      params: z.object({ refund_no: refundNoField }),
      response: {
        200: proofSchema.meta({ id: 'DayProof' }),
        ...problemResponses('refund_unknown', 'refund_no_invalid', 'refund_in_no_closed_day', 'day_differs'),
      },
    },
    handler: async (request) => {
      const { merchantId } = callerOf(request);
      const refund = await refundOf(deps, merchantId, request.params.refund_no);
      for (const closing of await closingsOfRefund(deps.pool, refund)) {
        const tree = await inSnapshot(deps, (tx) => treeWith(tx, closing, refund));
        if (tree !== null) return dayProof(closing.record, refund.refundNo, tree.proven);
      }
      throw new AppError('refund_in_no_closed_day', { refund_no: refund.refundNo });
    },
  });
}

/** All of it is read as it is at one moment. */
function inSnapshot<T>({ pool }: ApiDeps, work: (tx: Tx) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    return work(tx);
  });
}

/** As they were closed, whatever has become of them since. */
function leavesOf(tx: Tx, closing: Closing): AsyncGenerator<LeafBatch> {
  return dayLeaves(tx, { ...closing, fileIds: statementIdsOf(closing.record), closing });
}

async function* fileOf({ record }: Closing, batches: AsyncIterable<LeafBatch>): AsyncGenerator<string> {
  yield `${record}\n`;
  for await (const { leaves } of batches) yield leaves.map(({ leaf }) => `${leaf}\n`).join('');
}

/**
 * The tree with the refund's leaves proven; null where the closing has none of them.
 * @throws AppError `day_differs` when it is not the tree that was closed
 */
async function treeWith(tx: Tx, closing: Closing, refund: Refund): Promise<BuiltTree | null> {
  const { lines, breakIds } = await placesOfRefund(tx, closing, refund.id);
  const names: LeafName[] = [
    ...lines.flatMap(({ fileId, lineNo }): LeafName[] => [
      { section: 'line', statementId: fileId, no: lineNo },
      { section: 'match', statementId: fileId, no: lineNo },
    ]),
    ...breakIds.map((id): LeafName => ({ section: 'break', statementId: null, no: id })),
  ];
  if (names.length === 0) return null;
  const tree = await buildDayTree(leavesOf(tx, closing), names);
  if (tree.root !== closing.root)
    throw new AppError('day_differs', { account_id: closing.accountId, bill_date: closing.billDate });
  return tree.proven.length === 0 ? null : tree;
}
