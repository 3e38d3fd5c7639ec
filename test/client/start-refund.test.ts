/** A start over Temporal is the start that the API makes, with the request beside it. */
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { expect, test } from 'vitest';
import { refundWorkflowId, startRefund } from '../../client/temporal.js';
import { refundEngine } from '../../workers/refund-engine.ts';

const NOW = new Date('2026-11-24T18:30:00.000Z');
const REQUEST = {
  merchantId: 'm1',
  refundNo: 'RF-1',
  amountMinor: '2345',
  currency: 'CNY',
  paymentNo: 'PAY-1',
} as const;

/** Remembers what it was told to start. */
function listening(refuse = false) {
  const starts: { type: string; options: Record<string, unknown> }[] = [];
  const client = {
    withDeadline: (_at: number, work: () => unknown) => work(),
    workflow: {
      start: async (type: string, options: Record<string, unknown>) => {
        starts.push({ type, options });
        if (refuse)
          throw new WorkflowExecutionAlreadyStartedError('there', String(options['workflowId']), type);
        return { workflowId: options['workflowId'] };
      },
      getHandle: (workflowId: string) => ({ workflowId, known: true }),
    },
  };
  return { client: client as unknown as Client, starts };
}

/** Search attributes in one spelling: the SDK takes them as pairs or as its own class. */
function plain({ type, options }: { type: string; options: Record<string, unknown> }): unknown {
  const attributes = options['typedSearchAttributes'];
  const pairs = Array.isArray(attributes)
    ? attributes
    : (attributes as { getAll(): { key: object; value: unknown }[] }).getAll();
  const named = (pairs as { key: { name: string; type: string }; value: unknown }[])
    .map(({ key, value }) => `${key.name} ${key.type} ${String(value)}`)
    .toSorted();
  return { type, ...options, typedSearchAttributes: named, args: undefined };
}

test('has the id, queue, policies and search attributes of a start by the API', async () => {
  const ours = listening();
  const theirs = listening();
  const clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms: number) => ms };

  await refundEngine(ours.client, clock).start({ merchantId: 'm1', refundNo: 'RF-1', channel: 'wechat' });
  await startRefund(theirs.client, REQUEST, { channel: 'wechat', now: NOW });

  const [own] = ours.starts;
  const [other] = theirs.starts;
  if (own === undefined || other === undefined) throw new Error('nothing was started');
  expect(plain(other)).toEqual(plain(own));
  expect(other.options['args']).toEqual([{ merchantId: 'm1', refundNo: 'RF-1', request: REQUEST }]);
});

test('of a refund that was started before gives the one that there is', async () => {
  const { client } = listening(true);

  const handle = await startRefund(client, REQUEST, { channel: 'wechat' });

  expect(handle).toMatchObject({ workflowId: refundWorkflowId(REQUEST), known: true });
});
