/** `yuanlu webhooks add | list | rotate | disable | enable`: over the HTTP API, as a backend does it. */
import type { EndpointResource } from '../../api/webhook-resource.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import type { AddFlags, RotateFlags } from '../register-webhooks.ts';
import { apiClient, bodyOf } from './api-client.ts';

const ENDPOINTS = '/v1/webhook-endpoints';

export async function addCommand(url: string, options: AddFlags): Promise<void> {
  const output = createOutput(options.json);
  const types = options.types?.split(',').map((type) => type.trim());
  const body = bodyOf(await apiClient().post(ENDPOINTS, { url, ...(types === undefined ? {} : { types }) }));
  output.result(body, () => String(body['secret']));
  output.say(
    `Endpoint ${String(body['id'])} is told from now on. The secret above is shown once: signatures are checked with it.`,
  );
}

export async function listCommand(options: { json: boolean }): Promise<void> {
  const body = bodyOf(await apiClient().get(ENDPOINTS, { params: { limit: '200' } }));
  createOutput(options.json).result(body, () => listText(body['endpoints'] as readonly EndpointResource[]));
}

export async function rotateCommand(id: string, options: RotateFlags): Promise<void> {
  const output = createOutput(options.json);
  const { overlapHours: hours } = options;
  const asked = hours === undefined ? {} : { overlap_hours: Number(hours) };
  const body = bodyOf(await apiClient().post(`${addressOf(id)}/rotate`, asked));
  output.result(body, () => String(body['secret']));
  output.say(
    `Put it in place before ${beijingTime(new Date(String(body['previous_secret_until'])))} (Beijing): until then the secret before it signs as well.`,
  );
}

export async function switchCommand(
  id: string,
  act: 'disable' | 'enable',
  options: { json: boolean },
): Promise<void> {
  const client = apiClient();
  const answer =
    act === 'disable' ? client.delete(addressOf(id)) : client.post(`${addressOf(id)}/enable`, {});
  const body = bodyOf(await answer);
  createOutput(options.json).result(body, () => `${String(body['url'])} is ${String(body['status'])}`);
}

function addressOf(id: string): string {
  return `${ENDPOINTS}/${encodeURIComponent(id)}`;
}

function listText(endpoints: readonly EndpointResource[]): string {
  if (endpoints.length === 0) return 'Nobody is told. `yuanlu webhooks add <url>` changes that.';
  return table(endpoints, [
    { head: 'id', align: 'right', cell: (one) => one.id },
    { head: 'address', cell: (one) => one.url },
    { head: 'types', cell: (one) => one.types?.join(' ') ?? 'all' },
    {
      head: 'status',
      cell: (one) => (one.disabled_why === null ? one.status : `${one.status}: ${one.disabled_why}`),
    },
    { head: 'since', cell: (one) => beijingTime(new Date(one.disabled_at ?? one.created_at)) },
  ]);
}
