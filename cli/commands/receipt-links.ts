/** `yuanlu receipt link | links | revoke`: over the HTTP API, as a backend does it. */
import { AppError } from '../../domain/errors.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import type { LinkFlags, RevokeFlags } from '../register-receipts.ts';
import { apiClient, bodyOf } from './api-client.ts';

interface Link {
  readonly id: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
}

export async function linkCommand(refundNo: string, options: LinkFlags): Promise<void> {
  const output = createOutput(options.json);
  const asked = {
    replace: options.replace,
    ...(options.days === undefined ? {} : { expires_in_days: daysOf(options.days) }),
  };
  const body = bodyOf(await apiClient().post(linksUrl(refundNo), asked));
  output.result(body, () => String(body['url']));
  output.say(
    `Opens until ${beijingTime(new Date(String(body['expires_at'])))} (Beijing) for whoever has it: give it to the payer only.`,
  );
}

export async function listLinksCommand(refundNo: string, options: { json: boolean }): Promise<void> {
  const body = bodyOf(await apiClient().get(linksUrl(refundNo)));
  createOutput(options.json).result(body, () => listText(body['links'] as readonly Link[]));
}

export async function revokeCommand(refundNo: string, options: RevokeFlags): Promise<void> {
  const url =
    options.link === undefined
      ? linksUrl(refundNo)
      : `${linksUrl(refundNo)}/${encodeURIComponent(options.link)}`;
  const body = bodyOf(await apiClient().delete(url));
  createOutput(options.json).result(body, () => `${String(body['revoked'])} taken back`);
}

function linksUrl(refundNo: string): string {
  return `/v1/refunds/${encodeURIComponent(refundNo)}/receipt-links`;
}

/** @throws AppError `request_invalid` */
function daysOf(text: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new AppError('request_invalid', { days: text, remedy: 'Give a whole number of days, 1 to 1096.' });
}

function listText(links: readonly Link[]): string {
  if (links.length === 0) return 'No links.';
  return table(links, [
    { head: 'id', align: 'right', cell: (link) => link.id },
    { head: 'made', cell: (link) => beijingTime(new Date(link.created_at)) },
    { head: 'by', cell: (link) => link.created_by },
    { head: 'opens until', cell: (link) => beijingTime(new Date(link.expires_at)) },
    {
      head: 'taken back',
      cell: (link) => (link.revoked_at === null ? '' : beijingTime(new Date(link.revoked_at))),
    },
  ]);
}
