/** `yuanlu refunds …`: the same HTTP API that a backend uses. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatYuan, parseYuan } from '../../domain/money.ts';
import type { RefundState } from '../../domain/refund/state.ts';
import { isFinal } from '../../domain/refund/state.ts';
import { beijingTime, createOutput, progress, table } from '../output.ts';
import type { CreateFlags } from '../register-books.ts';
import { apiClient, bodyOf } from './api-client.ts';

/** The refund resource of the API, as far as people look at it. */
interface RefundResource {
  readonly refund_no: string;
  readonly state: RefundState;
  readonly state_reason: string | null;
  readonly amount_minor: string;
  readonly currency: string;
  readonly requested_at: string;
  readonly lands_in: string | null;
  readonly overdue_level: number;
  readonly serials: Readonly<Record<string, string | null>>;
  readonly window: { readonly promise_at: string | null; readonly alarm_at: string | null } | null;
  readonly next_step?: string;
}

export async function createRefundCommand(options: CreateFlags): Promise<void> {
  const output = createOutput(options.json);
  const key = options.key ?? randomUUID();
  const response = await apiClient().post(
    '/v1/refunds',
    {
      payment_no: options.payment,
      amount_minor: parseYuan(options.amount).toString(),
      currency: 'CNY',
      ...(options.refundNo === undefined ? {} : { refund_no: options.refundNo }),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    },
    { headers: { 'idempotency-key': key } },
  );
  const refund = resource(bodyOf(response));
  if (options.key === undefined) output.say(`idempotency key: ${key}`);
  output.result(refund, () => describe(refund));
}

export async function getRefundCommand(refundNo: string, options: { json: boolean }): Promise<void> {
  const refund = await getRefund(refundNo);
  createOutput(options.json).result(refund, () => describe(refund));
}

export async function listRefundsCommand(options: {
  state?: string;
  limit: string;
  json: boolean;
}): Promise<void> {
  const params = { limit: options.limit, ...(options.state === undefined ? {} : { state: options.state }) };
  const body = bodyOf(await apiClient().get('/v1/refunds', { params }));
  const rows = Array.isArray(body['refunds'])
    ? body['refunds'].map((one) => resource(one as Record<string, unknown>))
    : [];
  createOutput(options.json).result(body, () => listText(rows));
}

/** How often a watched refund is asked about, on the wall. */
const WATCH_EVERY_MS = 1_000;

export async function watchRefundCommand(refundNo: string, options: { json: boolean }): Promise<void> {
  const output = createOutput(options.json);
  const line = progress();
  let refund = await getRefund(refundNo);
  let shown = '';
  while (!isFinal(refund.state)) {
    const text = `${refund.refund_no}: ${stateText(refund)}`;
    if (text !== shown) line.update(text);
    shown = text;
    await sleep(WATCH_EVERY_MS);
    refund = await getRefund(refundNo);
  }
  line.done();
  output.result(refund, () => describe(refund));
}

async function getRefund(refundNo: string): Promise<RefundResource> {
  return resource(bodyOf(await apiClient().get(`/v1/refunds/${encodeURIComponent(refundNo)}`)));
}

function resource(body: Record<string, unknown>): RefundResource {
  return body as unknown as RefundResource;
}

function stateText(refund: RefundResource): string {
  const reason = refund.state_reason === null ? '' : ` (${refund.state_reason})`;
  return `${refund.state}${reason}${refund.overdue_level > 0 ? ', overdue' : ''}`;
}

function yuan(refund: RefundResource): string {
  return `${formatYuan(BigInt(refund.amount_minor))} ${refund.currency}`;
}

function describe(refund: RefundResource): string {
  const time = (text: string | null | undefined): string =>
    text === null || text === undefined ? '' : `${beijingTime(new Date(text))} (Beijing)`;
  const facts: readonly (readonly [string, string])[] = [
    ['refund', refund.refund_no],
    ['amount', yuan(refund)],
    ['state', stateText(refund)],
    ['requested', time(refund.requested_at)],
    ['should land by', time(refund.window?.promise_at)],
    ['lands in', refund.lands_in ?? ''],
    ...Object.entries(refund.serials).map(([name, value]) => [name, value ?? ''] as const),
    ['next', refund.next_step ?? ''],
  ];
  return facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(20)} ${value}`)
    .join('\n');
}

function listText(rows: readonly RefundResource[]): string {
  if (rows.length === 0) return 'No refunds.';
  const sum = rows.reduce((total, row) => total + BigInt(row.amount_minor), 0n);
  const body = table(rows, [
    { head: 'requested', cell: (row) => beijingTime(new Date(row.requested_at)) },
    { head: 'refund', cell: (row) => row.refund_no },
    { head: 'amount', align: 'right', cell: (row) => formatYuan(BigInt(row.amount_minor)) },
    { head: 'state', cell: stateText },
    { head: 'channel refund no', cell: (row) => row.serials['channel_refund_no'] ?? '' },
  ]);
  return `${body}\n${String(rows.length)} refunds, ${formatYuan(sum)} CNY`;
}
