/** `yuanlu breaks assign …`: work on breaks over the HTTP API; YUANLU_API_KEY must be the key of a person. */
import type { ApprovalResource } from '../../api/approval-resource.ts';
import { createOutput } from '../output.ts';
import { apiClient, bodyOf } from './api-client.ts';
import { approvalText } from './approvals.ts';

/** What came of it, as far as the line that is printed says it. */
interface BreakSaid {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly assigned_to: string | null;
  readonly parked_until: string | null;
  readonly closed_reason: string | null;
}

export async function workOnBreakCommand(
  number: string,
  path: string,
  told: object,
  options: { json: boolean },
): Promise<void> {
  const body = bodyOf(await apiClient().post(`/v1/breaks/${encodeURIComponent(number)}${path}`, told));
  createOutput(options.json).result(body, () => saidText(body as unknown as BreakSaid));
}

export async function askAboutBreaksCommand(
  numbers: string | readonly string[],
  asked: object,
  options: { json: boolean },
): Promise<void> {
  const about = typeof numbers === 'string' ? { break_no: numbers } : { break_nos: numbers };
  const body = bodyOf(await apiClient().post('/v1/approvals', { ...asked, ...about }));
  createOutput(options.json).result(body, () => approvalText(body as unknown as ApprovalResource));
}

function saidText(one: BreakSaid): string {
  const facts = [
    one.status === 'open' ? 'open' : `closed: ${one.closed_reason ?? ''}`,
    one.assigned_to === null ? 'nobody has it' : `${one.assigned_to} has it`,
    ...(one.parked_until === null ? [] : [`put off until ${one.parked_until}`]),
  ];
  return `break ${one.id} (${one.kind}): ${facts.join(', ')}`;
}
