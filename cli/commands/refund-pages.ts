/** The first refunds of a list, over as many pages as they take. */
import type { AxiosInstance } from 'axios';
import type { RefundResource } from '../../api/refund-resource.ts';
import { AppError } from '../../domain/errors.ts';
import { bodyOf } from './api-client.ts';

/** As the API answers for one page. */
export interface RefundPages {
  readonly refunds: readonly RefundResource[];
  /** Leads on; null where there are no more. */
  readonly next_cursor: string | null;
}

/** The most that the API gives in one page. */
const PAGE_ROWS_MAX = 200;

/**
 * As many as asked for, or all that there are. A page may hold fewer rows than asked for, and lead on.
 * @throws AppError `request_invalid` for a limit that is no whole number from 1 on; `api_unavailable` where somebody else answers
 */
export async function firstRefunds(
  client: AxiosInstance,
  { state, limit }: { readonly state?: string; readonly limit: string },
): Promise<RefundPages> {
  if (!/^[1-9][0-9]{0,6}$/.test(limit))
    throw new AppError('request_invalid', { limit: 'must be a whole number from 1 on' });
  const refunds: RefundResource[] = [];
  for (let cursor: string | null = null; ; ) {
    const params = {
      limit: String(Math.min(PAGE_ROWS_MAX, Number(limit) - refunds.length)),
      ...(state === undefined ? {} : { state }),
      ...(cursor === null ? {} : { cursor }),
    };
    const body = bodyOf(await client.get('/v1/refunds', { params }));
    if (!Array.isArray(body['refunds']))
      throw new AppError('api_unavailable', { why: 'the answer is no list of refunds' });
    refunds.push(...(body['refunds'] as RefundResource[]));
    cursor = typeof body['next_cursor'] === 'string' ? body['next_cursor'] : null;
    if (cursor === null || refunds.length >= Number(limit)) return { refunds, next_cursor: cursor };
  }
}
