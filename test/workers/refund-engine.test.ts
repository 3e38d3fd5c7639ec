/** What becomes of a call to Temporal that gets no answer: it may be asked again, and nobody says that it was done. */
import type { Client } from '@temporalio/client';
import { ServiceError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { within } from '../../workers/refund-engine.ts';

const client = {
  withDeadline: (_until: number, call: () => Promise<unknown>) => call(),
} as unknown as Client;

/** As the SDK wraps what gRPC says. */
const said = (code: number): Error =>
  new ServiceError('Failed to start Workflow', { cause: Object.assign(new Error('grpc'), { code }) });

test.each([
  [1, 'cancelled'],
  [4, 'deadline exceeded'],
  [8, 'resource exhausted'],
  [10, 'aborted'],
  [14, 'unavailable'],
])('F78 I3 gRPC %i (%s) is Temporal away: the caller hears that it goes on by itself', async (code) => {
  await expect(within(client, () => Promise.reject(said(code)))).rejects.toMatchObject({
    code: 'temporal_unavailable',
  });
});

test.each([3, 5, 7, 16])('gRPC %i is no absence: it would be the same again', async (code) => {
  const error = said(code);
  await expect(within(client, () => Promise.reject(error))).rejects.toBe(error);
});
