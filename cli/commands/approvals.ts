/** `yuanlu approvals …`: acts that need two people, over the same HTTP API; YUANLU_API_KEY must be the key of a person. */
import type { ApprovalResource } from '../../api/approval-resource.ts';
import type { Verdict } from '../../domain/approval.ts';
import { readTypedCard } from '../card-typed.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import { DAY_TIMEOUT_MS, apiClient, bodyOf } from './api-client.ts';

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
  createOutput(options.json).result(approval, () => approvalText(approval));
}

/** What an act is asked for with; which of it an act takes, the command line says. */
export interface AskFlags {
  readonly reason: string;
  readonly json: boolean;
  readonly as?: string;
  readonly proof?: string;
  readonly method?: string;
  readonly payee?: string;
  readonly bank?: string;
  readonly accountEnding?: string;
}

export interface DecisionFlags {
  readonly fingerprint: string;
  readonly reason: string;
  readonly json: boolean;
  readonly card?: boolean;
}

export async function askForActCommand(
  act: string,
  refunds: string | readonly string[],
  options: AskFlags,
): Promise<void> {
  const { json, accountEnding, bank, ...told } = options;
  const about = typeof refunds === 'string' ? { refund_no: refunds } : { refund_nos: refunds };
  const redirected = act === 'redirect_refund' && bank !== undefined;
  const asked = {
    ...{ act, ...about, ...told },
    ...(accountEnding === undefined ? {} : { account_ending: accountEnding }),
    ...(redirected ? { card: { bank, ...(await readTypedCard()) } } : bank === undefined ? {} : { bank }),
  };
  const approval = resource(bodyOf(await apiClient().post('/v1/approvals', asked)));
  createOutput(json).result(approval, () => approvalText(approval));
}

/** The fingerprint comes from what the person saw, never from a look of our own. */
export async function decideApprovalCommand(
  id: string,
  verdict: Verdict,
  options: DecisionFlags,
): Promise<void> {
  const { fingerprint, reason } = options;
  const address = `/v1/approvals/${encodeURIComponent(id)}/decision`;
  const card = options.card === true ? { card: await readTypedCard() } : {};
  const decision = { verdict, fingerprint, reason, ...card };
  // Closing a day reads all of it again.
  const body = bodyOf(await apiClient().post(address, decision, { timeout: DAY_TIMEOUT_MS }));
  const said = body['channel_answer'];
  createOutput(options.json).result(body, () =>
    [approvalText(resource(body)), ...(typeof said === 'string' ? [`the channel   ${said}`] : [])].join('\n'),
  );
}

function resource(body: Record<string, unknown>): ApprovalResource {
  return body as unknown as ApprovalResource;
}

const NAMED_MAX = 3;

function subjectOf({ refund_nos: refunds, break_nos: breaks, day }: ApprovalResource): string {
  if (day !== null) return `${day.account_id} on ${day.bill_date}`;
  const numbers = breaks.length > 0 ? breaks.map((number) => `break ${number}`) : refunds;
  const more = numbers.length - NAMED_MAX;
  return [...numbers.slice(0, NAMED_MAX), ...(more > 0 ? [`and ${String(more)} more`] : [])].join(' ');
}

function listText(approvals: readonly ApprovalResource[]): string {
  if (approvals.length === 0) return 'Nothing waits for a second person.';
  return table(approvals, [
    { head: 'id', align: 'right', cell: (one) => one.id },
    { head: 'act', cell: (one) => one.act },
    { head: 'about', cell: subjectOf },
    { head: 'status', cell: (one) => one.status },
    { head: 'asked by', cell: (one) => one.asked_by },
    { head: 'until', cell: (one) => beijingTime(new Date(one.expires_at)) },
    { head: 'reason', cell: (one) => one.reason },
  ]);
}

/** A request as people read it, with what whoever decides it has to type. */
export function approvalText(approval: ApprovalResource): string {
  const { decision } = approval;
  const lines = [
    `request      ${approval.id}: ${approval.act} of ${subjectOf(approval)}, ${approval.status}`,
    ...Object.entries(approval.content).map(([name, text]) => `${name.padEnd(13)}${text}`),
    `asked by     ${approval.asked_by}, ${beijingTime(new Date(approval.asked_at))}: ${approval.reason}`,
    decision === null
      ? `expires      ${beijingTime(new Date(approval.expires_at))}`
      : `${decision.verdict.padEnd(13)}by ${decision.by}, ${beijingTime(new Date(decision.at))}: ${decision.reason}`,
    `fingerprint  ${approval.fingerprint}`,
  ];
  if (approval.status === 'open') {
    const card = approval.content['card_mark'] === undefined ? '' : ' --card';
    lines.push(
      '',
      'Another person decides it, with a key of their own:',
      `  yuanlu approvals approve ${approval.id} --fingerprint ${approval.fingerprint} --reason '…'${card}`,
      `  yuanlu approvals reject ${approval.id} --fingerprint ${approval.fingerprint} --reason '…'`,
    );
  }
  return lines.join('\n');
}
