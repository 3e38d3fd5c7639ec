/** `yuanlu close check | day | reopen | show | list`: over the HTTP API; asking needs the key of a person. */
import type { z } from 'zod';
import type { closingSchema, changeSchema, daySchema } from '../../api/day-resource.ts';
import type { ApprovalResource } from '../../api/approval-resource.ts';
import { AppError } from '../../domain/errors.ts';
import { EXIT } from '../exit.ts';
import { beijingTime, createOutput, grouped, table } from '../output.ts';
import type { CloseFlags, ClosedListFlags } from '../register-close.ts';
import { DAY_TIMEOUT_MS, apiClient, bodyOf } from './api-client.ts';
import { approvalText } from './approvals.ts';

type Day = z.infer<typeof daySchema>;
type Closing = z.infer<typeof closingSchema>;
type Change = z.infer<typeof changeSchema>;

export function addressOf(account: string, date: string): string {
  return `/v1/accounts/${encodeURIComponent(account)}/days/${encodeURIComponent(date)}`;
}

/** Exit code: 0 it can be closed or is, 1 it cannot. */
export async function checkDayCommand(
  account: string,
  date: string,
  options: { readonly json: boolean },
): Promise<number> {
  const response = await apiClient().get(addressOf(account, date), { timeout: DAY_TIMEOUT_MS });
  const day = bodyOf(response) as unknown as Day;
  createOutput(options.json).result(day, () => dayText(day));
  return day.closable || day.status === 'closed' ? EXIT.ok : EXIT.differences;
}

export async function closeDayCommand(account: string, date: string, options: CloseFlags): Promise<void> {
  const accepted = (given: readonly string[] | undefined, name: string) =>
    (given ?? []).map((one) => numbered(one, name));
  await askAbout('close_day', account, date, options, {
    accept_breaks: accepted(options.accept, 'break_id'),
    accept_set_aside: accepted(options.acceptRows, 'statement_id'),
  });
}

export async function reopenDayCommand(account: string, date: string, options: CloseFlags): Promise<void> {
  await askAbout('reopen_day', account, date, options, {});
}

async function askAbout(
  act: string,
  account: string,
  date: string,
  { reason, json }: CloseFlags,
  told: object,
): Promise<void> {
  const asked = { act, account_id: account, bill_date: date, reason, ...told };
  const response = await apiClient().post('/v1/approvals', asked, { timeout: DAY_TIMEOUT_MS });
  const approval = bodyOf(response) as unknown as ApprovalResource;
  createOutput(json).result(approval, () => approvalText(approval));
}

/** `31=made by hand`. @throws AppError `request_invalid` */
function numbered(text: string, name: string): Record<string, string> {
  const parts = /^([0-9]{1,18})=(.+)$/s.exec(text);
  if (parts?.[1] === undefined || parts[2] === undefined)
    throw new AppError('request_invalid', {
      accepted: text.slice(0, 60),
      remedy: "Write number=reason, for example --accept '31=made by hand, ticket 8841'.",
    });
  return { [name]: parts[1], reason: parts[2] };
}

export async function showClosingCommand(
  account: string,
  date: string,
  options: { readonly json: boolean },
): Promise<void> {
  const body = bodyOf(await apiClient().get(`${addressOf(account, date)}/closing`));
  const shown = body as unknown as Closing & { readonly changes: readonly Change[] };
  createOutput(options.json).result(body, () => [closingText(shown), ...changesText(shown)].join('\n'));
}

export async function listClosingsCommand(options: ClosedListFlags): Promise<void> {
  const { account, from, to, changed, limit } = options;
  const params = {
    limit,
    ...(account === undefined ? {} : { account_id: account }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(changed ? { changed: 'true' } : {}),
  };
  const body = bodyOf(await apiClient().get('/v1/closed-days', { params }));
  const closings = Array.isArray(body['closed_days']) ? (body['closed_days'] as Closing[]) : [];
  createOutput(options.json).result(body, () => listText(closings, changed));
}

function dayText(day: Day): string {
  const { status, closing } = day;
  const head = `${day.account_id} on ${day.bill_date}: ${status === 'closed' ? 'closed' : day.closable ? 'can be closed' : 'cannot be closed as it stands'}`;
  return [
    head,
    ...day.checks.flatMap(({ check, ok, says }) =>
      says.map((one, n) => `  ${n > 0 ? '   ' : ok ? '✓  ' : '✗  '}${(n > 0 ? '' : check).padEnd(18)}${one}`),
    ),
    ...(closing === null ? [] : ['', closingText(closing)]),
  ].join('\n');
}

function closingText(closing: Closing): string {
  const { reopened } = closing;
  return [
    `closing ${String(closing.closing)} of ${closing.account_id} on ${closing.bill_date}, ${beijingTime(new Date(closing.closed_at))}`,
    `approval     ${closing.approval_id}`,
    `root         ${closing.root} over ${grouped(closing.leaves)} lines, matches and breaks`,
    ...(reopened === null
      ? []
      : [`reopened     ${beijingTime(new Date(reopened.at))} by ${reopened.by}: ${reopened.reason}`]),
    `since then   ${changedText(closing)}`,
  ].join('\n');
}

function changedText({ changed_since: since }: Closing): string {
  const counts = Object.entries(since).map(
    ([change, times]) => `${change.replace('_', ' ')} ${String(times)}`,
  );
  return counts.length === 0 ? 'nothing has changed' : `CHANGED: ${counts.join(', ')}`;
}

function changesText({ changes }: { readonly changes: readonly Change[] }): readonly string[] {
  return changes.map((one) => {
    const about = [
      one.statement_id === null ? '' : ` statement ${one.statement_id}`,
      one.line_no === null ? '' : ` line ${String(one.line_no)}`,
      one.break_id === null ? '' : ` break ${one.break_id}`,
      one.refund_no === null ? '' : ` refund ${one.refund_no}`,
    ];
    return `  ${one.change.replace('_', ' ')}:${about.join(',')}`;
  });
}

function listText(closings: readonly Closing[], changed: boolean): string {
  if (closings.length === 0) return changed ? 'No closed day has changed.' : 'No day is closed yet.';
  return table(closings, [
    { head: 'account', cell: (one) => one.account_id },
    { head: 'bill date', cell: (one) => one.bill_date },
    { head: 'closing', align: 'right', cell: (one) => String(one.closing) },
    { head: 'closed', cell: (one) => beijingTime(new Date(one.closed_at)) },
    { head: 'leaves', align: 'right', cell: (one) => grouped(one.leaves) },
    { head: 'root', cell: (one) => one.root.slice(0, 16) },
    { head: 'state', cell: stateText },
  ]);
}

function stateText(one: Closing): string {
  if (one.reopened !== null) return 'reopened';
  return one.changed ? 'closed, CHANGED since' : 'closed';
}
