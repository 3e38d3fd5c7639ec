/** `yuanlu webhooks deliveries | replay | test`: what became of each event, over the HTTP API. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryResource } from '../../api/webhook-resource.ts';
import { AppError } from '../../domain/errors.ts';
import { beijingTime, counted, createOutput, table } from '../output.ts';
import type { DeliveriesFlags, ReplayFlags } from '../register-webhooks.ts';
import { apiClient, bodyOf } from './api-client.ts';

const DELIVERIES = '/v1/webhook-deliveries';

/** A test is looked at so often, a second apart, until it was tried; longer than one try may take. */
const LOOKS_MAX = 20;
const LOOK_EVERY_MS = 1_000;

export async function deliveriesCommand(options: DeliveriesFlags): Promise<void> {
  const { status, endpoint, refund, limit } = options;
  const params = { status, endpoint_id: endpoint, refund_no: refund, limit };
  const body = bodyOf(await apiClient().get(DELIVERIES, { params }));
  createOutput(options.json).result(body, () => listText(body['deliveries'] as readonly DeliveryResource[]));
}

/** @throws AppError `request_invalid` when it is not said what to send again, or said twice */
export async function replayCommand(id: string | undefined, options: ReplayFlags): Promise<void> {
  const { endpoint } = options;
  if ((id === undefined) === (endpoint === undefined)) {
    throw new AppError('request_invalid', {
      remedy: 'Give the id of a delivery (yuanlu webhooks deliveries --status dead), or --endpoint.',
    });
  }
  const address =
    id === undefined
      ? `/v1/webhook-endpoints/${encodeURIComponent(endpoint ?? '')}/replay`
      : `${DELIVERIES}/${encodeURIComponent(id)}/replay`;
  const body = bodyOf(await apiClient().post(address, {}));
  createOutput(options.json).result(body, () =>
    id === undefined
      ? `${counted(Number(body['replayed']), 'event')} on the way again`
      : `${String(body['event_id'])} is on its way again`,
  );
}

export async function testCommand(endpointId: string, options: { json: boolean }): Promise<void> {
  const client = apiClient();
  const address = `/v1/webhook-endpoints/${encodeURIComponent(endpointId)}/test`;
  let delivery = bodyOf(await client.post(address, {})) as unknown as DeliveryResource;
  for (let look = 0; look < LOOKS_MAX && isUntried(delivery); look += 1) {
    await sleep(LOOK_EVERY_MS);
    delivery = bodyOf(await client.get(`${DELIVERIES}/${delivery.id}`)) as unknown as DeliveryResource;
  }
  createOutput(options.json).result(delivery, () => outcomeOf(delivery));
}

function isUntried({ status, attempts }: DeliveryResource): boolean {
  return status === 'pending' && attempts === 0;
}

function outcomeOf(delivery: DeliveryResource): string {
  if (delivery.status === 'delivered') return `taken: it answered ${String(delivery.last_status)}`;
  if (isUntried(delivery)) return 'not tried yet: are worker and scheduler running?';
  return `not taken: ${answerOf(delivery)}`;
}

function answerOf({ last_status: status, last_answer: answer }: DeliveryResource): string {
  return [status, answer].filter((part) => part !== null && part !== '').join(' ');
}

function listText(deliveries: readonly DeliveryResource[]): string {
  if (deliveries.length === 0) return 'Nothing was sent.';
  return table(deliveries, [
    { head: 'id', align: 'right', cell: (one) => one.id },
    { head: 'event', cell: (one) => one.type },
    { head: 'refund', cell: (one) => one.refund_no ?? '' },
    { head: 'endpoint', align: 'right', cell: (one) => one.endpoint_id },
    {
      head: 'status',
      cell: (one) => (one.dead_why === null ? one.status : `${one.status}: ${one.dead_why}`),
    },
    { head: 'tries', align: 'right', cell: (one) => String(one.attempts) },
    {
      head: 'last try',
      cell: (one) => beijingTime(one.last_attempt_at === null ? null : new Date(one.last_attempt_at)),
    },
    { head: 'answer', cell: (one) => answerOf(one).slice(0, 60) },
  ]);
}
