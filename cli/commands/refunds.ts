/** `yuanlu refunds …`: the same HTTP API that a backend uses. */
import { randomUUID } from 'node:crypto';
import type { RefundResource } from '../../api/refund-resource.ts';
import { AppError } from '../../domain/errors.ts';
import { formatYuan } from '../../domain/money.ts';
import { isFinal } from '../../domain/refund/state.ts';
import type { ArrivalBasis } from '../../domain/time/arrival-basis.ts';
import { beijingTime, counted, createOutput, progress, table } from '../output.ts';
import type { CreateFlags } from '../register-books.ts';
import { yuanOption } from '../yuan-option.ts';
import { apiClient, bodyOf } from './api-client.ts';
import type { RefundPages } from './refund-pages.ts';
import { firstRefunds } from './refund-pages.ts';
import { watchRefund } from './refund-watch.ts';

export async function createRefundCommand(options: CreateFlags): Promise<void> {
  const output = createOutput(options.json);
  const key = options.key ?? randomUUID();
  const response = await apiClient().post(
    '/v1/refunds',
    {
      payment_no: options.payment,
      amount_minor: yuanOption(options.amount).toString(),
      currency: 'CNY',
      ...newPayment(options),
      ...(options.refundNo === undefined ? {} : { refund_no: options.refundNo }),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    },
    { headers: { 'idempotency-key': key } },
  );
  const refund = resource(bodyOf(response));
  if (options.key === undefined) output.say(`idempotency key: ${key}`);
  output.result(refund, () => describe(refund));
}

/**
 * A payment that the books do not have yet, as the merchant knows it.
 * @throws AppError `request_invalid` where only half of it is said
 */
function newPayment({ account, captured, transaction }: CreateFlags): object {
  if (account === undefined && captured === undefined && transaction === undefined) return {};
  if (account === undefined || captured === undefined)
    throw new AppError('request_invalid', {
      remedy: 'Give both --account and --captured for a payment that is not registered yet, or none of them.',
    });
  return {
    payment: {
      ...{ account_id: account, captured_minor: yuanOption(captured).toString(), currency: 'CNY' },
      ...(transaction === undefined ? {} : { transaction_id: transaction }),
    },
  };
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
  const page = await firstRefunds(apiClient(), options);
  createOutput(options.json).result(page, () => listText(page));
}

export async function watchRefundCommand(refundNo: string, options: { json: boolean }): Promise<void> {
  const output = createOutput(options.json);
  const line = progress();
  const refund = await watchRefund(apiClient(), refundNo, {
    changed: (now) => {
      if (!isFinal(now.state)) line.update(`${now.refund_no}: ${stateText(now)}`);
    },
    lost: ({ code, details }, { afterMs, count, of }) => {
      line.done();
      const why = typeof details['why'] === 'string' ? ` (${details['why']})` : '';
      const again = `asked again in ${String(afterMs / 1_000)} s, ${String(count)} of ${String(of)}`;
      output.say(`no answer: ${code}${why}; ${again}`);
    },
  }).finally(() => {
    line.done();
  });
  output.result(refund, () => describe(refund));
}

export async function paidOtherwiseCommand(
  refundNo: string,
  options: { reference: string; at: string; json: boolean },
): Promise<void> {
  const address = `/v1/refunds/${encodeURIComponent(refundNo)}/fallback-payment`;
  const paid = { reference: options.reference, paid_at: options.at };
  const refund = resource(bodyOf(await apiClient().post(address, paid)));
  createOutput(options.json).result(refund, () => describe(refund));
}

async function getRefund(refundNo: string): Promise<RefundResource> {
  return resource(bodyOf(await apiClient().get(`/v1/refunds/${encodeURIComponent(refundNo)}`)));
}

function resource(body: Record<string, unknown>): RefundResource {
  return body as unknown as RefundResource;
}

function stateText(refund: RefundResource): string {
  const reason = refund.state_reason === null ? '' : ` (${refund.state_reason})`;
  const flaw = refund.flaw === null ? '' : ', with a flaw';
  return `${refund.state}${reason}${flaw}${refund.overdue_level > 0 ? ', overdue' : ''}`;
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
    ['goods received', time(refund.goods_received_at)],
    ['should land by', time(refund.window?.promise_at)],
    ['going by', basisText(refund.window?.basis ?? null)],
    ['shop promised by', time(refund.shop_promise.by)],
    ['lands in', refund.lands_in ?? ''],
    ["payer's bank", refund.bank_leg?.replaceAll('_', ' ') ?? ''],
    ['bank expected by', time(refund.arrival_estimate_at)],
    ['flaw', refund.flaw ?? ''],
    ...refund.proof.map(proofFact),
    ['next', refund.next_step],
  ];
  return facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(20)} ${value}`)
    .join('\n');
}

const BASES: Readonly<Record<ArrivalBasis, string>> = {
  estimate: "the channel's own estimate for this refund",
  bank: 'the bank that issued the card, which takes longer than others',
  source: 'what the payer paid from',
  channel_default: "the channel's widest window: what the payer paid from is not known",
};

function basisText(basis: ArrivalBasis | null): string {
  return basis === null ? '' : BASES[basis];
}

const READERS: Readonly<Record<RefundResource['proof'][number]['readers'][number], string>> = {
  payer_bank: "the payer's bank",
  payer_channel: 'the channel, asked by the payer',
  merchant_channel: 'the channel, asked by you',
};

/** A number to quote, and who looks it up. */
function proofFact({
  name,
  value,
  readers,
}: RefundResource['proof'][number]): readonly [label: string, text: string] {
  const whom = readers.map((reader) => READERS[reader]).join('; ');
  return [name.en, value === null ? '' : `${value} (${name.zh}), known to ${whom}`];
}

function listText({ refunds: rows, next_cursor: next }: RefundPages): string {
  if (rows.length === 0) return 'No refunds.';
  const sum = rows.reduce((total, row) => total + BigInt(row.amount_minor), 0n);
  const body = table(rows, [
    { head: 'requested', cell: (row) => beijingTime(new Date(row.requested_at)) },
    { head: 'refund', cell: (row) => row.refund_no },
    { head: 'amount', align: 'right', cell: (row) => formatYuan(BigInt(row.amount_minor)) },
    { head: 'state', cell: stateText },
    { head: 'channel refund no', cell: (row) => row.serials.channel_refund_no ?? '' },
  ]);
  const more = next === null ? '' : '; there may be more (--limit)';
  return `${body}\n${counted(rows.length, 'refund')}, ${formatYuan(sum)} CNY${more}`;
}
