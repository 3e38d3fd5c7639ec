/** `yuanlu approvals …`: acts that need two people, over the same HTTP API; YUANLU_API_KEY must be the key of a person. */
import type { ApprovalResource } from '../../api/approval-routes.ts';
import type { Verdict } from '../../domain/approval.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import type { AskFlags, DecisionFlags } from '../register-approvals.ts';
import { apiClient, bodyOf } from './api-client.ts';

export async function listApprovalsCommand(options: {
  all: boolean;
  limit: string;
  json: boolean;
}): Promise<void> {
  const params = { limit: options.limit, ...(options.all ? {} : { waiting: 'true' }) };
  const body = bodyOf(await apiClient().get('/v1/approvals', { params }));
  const approvals = Array.isArray(body['approvals']) ? (body['approvals'] as ApprovalResource[]) : [];
  createOutput(options.json).result(body, () => listText(approvals));
}

export async function showApprovalCommand(id: string, options: { json: boolean }): Promise<void> {
  const approval = resource(bodyOf(await apiClient().get(`/v1/approvals/${encodeURIComponent(id)}`)));
  createOutput(options.json).result(approval, () => showText(approval));
}

export async function askForResolutionCommand(refundNo: string, options: AskFlags): Promise<void> {
  const { as, proof, reason } = options;
  const asked = { act: 'resolve_refund', refund_no: refundNo, as, proof, reason };
  const approval = resource(bodyOf(await apiClient().post('/v1/approvals', asked)));
  createOutput(options.json).result(approval, () => showText(approval));
}

/** The fingerprint comes from what the person saw, never from a look of our own. */
export async function decideApprovalCommand(
  id: string,
  verdict: Verdict,
  options: DecisionFlags,
): Promise<void> {
  const { fingerprint, reason } = options;
  const address = `/v1/approvals/${encodeURIComponent(id)}/decision`;
  const approval = resource(bodyOf(await apiClient().post(address, { verdict, fingerprint, reason })));
  createOutput(options.json).result(approval, () => showText(approval));
}

function resource(body: Record<string, unknown>): ApprovalResource {
  return body as unknown as ApprovalResource;
}

function listText(approvals: readonly ApprovalResource[]): string {
  if (approvals.length === 0) return 'Nothing waits for a second person.';
  return table(approvals, [
    { head: 'id', align: 'right', cell: (one) => one.id },
    { head: 'act', cell: (one) => one.act },
    { head: 'refund', cell: (one) => one.refund_no },
    { head: 'status', cell: (one) => one.status },
    { head: 'asked by', cell: (one) => one.asked_by },
    { head: 'until', cell: (one) => beijingTime(new Date(one.expires_at)) },
    { head: 'reason', cell: (one) => one.reason },
  ]);
}

function showText(approval: ApprovalResource): string {
  const { decision } = approval;
  const lines = [
    `request      ${approval.id}: ${approval.act} of ${approval.refund_no}, ${approval.status}`,
    ...Object.entries(approval.content).map(([name, text]) => `${name.padEnd(13)}${text}`),
    `asked by     ${approval.asked_by}, ${beijingTime(new Date(approval.asked_at))}: ${approval.reason}`,
    decision === null
      ? `expires      ${beijingTime(new Date(approval.expires_at))}`
      : `${decision.verdict.padEnd(13)}by ${decision.by}, ${beijingTime(new Date(decision.at))}: ${decision.reason}`,
    `fingerprint  ${approval.fingerprint}`,
  ];
  if (approval.status === 'open') {
    lines.push(
      '',
      'Another person decides it, with a key of their own:',
      `  yuanlu approvals approve ${approval.id} --fingerprint ${approval.fingerprint} --reason '…'`,
      `  yuanlu approvals reject ${approval.id} --fingerprint ${approval.fingerprint} --reason '…'`,
    );
  }
  return lines.join('\n');
}
