/** Follows one refund over the HTTP API: each question waits there for a change, and a lost connection is taken up again. */
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { AxiosInstance } from 'axios';
import type { RefundResource } from '../../api/refund-resource.ts';
import { AppError, ERRORS } from '../../domain/errors.ts';
import { isFinal } from '../../domain/refund/state.ts';
import { bodyOf } from './api-client.ts';

/** How long the API is asked to wait for a change; half of what it grants, so that proxies let it pass. */
const WAIT_SECONDS = 30;

/** The API's answer comes within this after the wait is over. */
const ANSWER_WITHIN_MS = 15_000;

/** A question without an answer is put again at most so many times in a row. */
const LOST_MAX = 6;
const FIRST_PAUSE_MS = 1_000;

export interface RefundWatcher {
  /** The refund as it was at first, and each time that it is another. */
  changed(refund: RefundResource): void;
  /** A question got no answer: why, and when it is put again. */
  lost(
    error: AppError,
    again: { readonly afterMs: number; readonly count: number; readonly of: number },
  ): void;
}

interface Seen {
  readonly refund: RefundResource;
  readonly etag: string | null;
}

/**
 * The refund with its final word. The first question must be answered; later ones are put again while that can help.
 * @throws AppError what the API says; `api_unavailable` when it could not be taken up again
 */
export async function watchRefund(
  client: AxiosInstance,
  refundNo: string,
  watcher: RefundWatcher,
  sleep: (ms: number) => Promise<unknown> = sleepFor,
): Promise<RefundResource> {
  const address = `/v1/refunds/${encodeURIComponent(refundNo)}`;
  let seen = await ask(client, address, null);
  watcher.changed(seen.refund);
  for (let lost = 0; !isFinal(seen.refund.state); ) {
    try {
      const next = await ask(client, address, seen);
      lost = 0;
      if (next === seen) continue;
      seen = next;
      watcher.changed(seen.refund);
    } catch (error) {
      if (!canBeTakenUp(error) || lost >= LOST_MAX) throw error;
      const afterMs = FIRST_PAUSE_MS * 2 ** lost;
      lost += 1;
      watcher.lost(error, { afterMs, count: lost, of: LOST_MAX });
      await sleep(afterMs);
    }
  }
  return seen.refund;
}

/** What is known, when it is as it was; otherwise the refund as it stands. */
async function ask(client: AxiosInstance, address: string, known: Seen | null): Promise<Seen> {
  const response = await client.get(address, known === null ? {} : waiting(known));
  if (known !== null && response.status === 304) return known;
  const etag: unknown = response.headers['etag'];
  return {
    refund: bodyOf(response) as unknown as RefundResource,
    etag: typeof etag === 'string' ? etag : null,
  };
}

function waiting({ etag }: Seen): {
  params: { wait: number };
  headers: Record<string, string>;
  timeout: number;
} {
  return {
    params: { wait: WAIT_SECONDS },
    headers: etag === null ? {} : { 'if-none-match': etag },
    timeout: WAIT_SECONDS * 1_000 + ANSWER_WITHIN_MS,
  };
}

function canBeTakenUp(error: unknown): error is AppError {
  return error instanceof AppError && ERRORS[error.code].retryable;
}
