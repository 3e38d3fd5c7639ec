/** Reads refund lists from memory, and shows how they are refused. */
import { AppError } from '../../domain/errors.ts';
import { RECONCILE_CHANNELS } from '../../cli/reconcile/channels.ts';
import type { ListedRefund } from '../../cli/reconcile/list-row.ts';
import type { ListSummary } from '../../cli/reconcile/refund-list.ts';
import { RefundListReader } from '../../cli/reconcile/refund-list.ts';

export const HEADER = 'refund_no,channel,amount_minor,currency,requested_at';
export const ROW = 'R1,wechat,100,CNY,2026-11-20T10:00:00+08:00';

export interface ReadList {
  readonly refunds: readonly ListedRefund[];
  readonly summary: ListSummary;
}

/** @param size of the pieces in which the bytes come in */
export async function readList(content: string | Buffer, size = 64 * 1024): Promise<ReadList> {
  const [rules] = RECONCILE_CHANNELS;
  if (rules === undefined) throw new Error('there is a channel');
  const reader = new RefundListReader({ file: 'refunds.csv', channel: 'wechat', rules });
  const refunds: ListedRefund[] = [];
  for await (const batch of reader.read(pieces(Buffer.from(content), size))) refunds.push(...batch);
  return { refunds, summary: reader.summary() };
}

/** What is wrong with a list, one sentence each. */
export async function problemsOf(content: string | Buffer, size?: number): Promise<readonly string[]> {
  try {
    await readList(content, size);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'refund_list_invalid') throw error;
    return error.details['errors'] as string[];
  }
  throw new Error('the list was read');
}

/** A list with one row in which some fields are other than usual. */
export function listWith(fields: Readonly<Record<string, string>>): string {
  const usual: Readonly<Record<string, string>> = {
    ...{ refund_no: 'R1', channel: 'wechat', amount_minor: '100', currency: 'CNY' },
    requested_at: '2026-11-20T10:00:00+08:00',
  };
  const all = Object.entries({ ...usual, ...fields });
  return `${all.map(([name]) => name).join(',')}\n${all.map(([, value]) => value).join(',')}\n`;
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}
