import { activityInfo } from '@temporalio/activity';
import type { Channel, StatementTicket } from '../../channels/channel.ts';
import { AppError } from '../../domain/errors.ts';
import { beijingInstant, addDays } from '../../domain/time/plain-date.ts';
import { knownByHash, knownByPlace } from '../../store/statements-known.ts';
import type { ActivityDeps } from '../deps.ts';
import { beatsOfProgress } from '../heartbeats.ts';
import { atBoundary, comeBack } from '../failures.ts';
import type { FetchedStatement, StatementDay } from './statement-day.ts';

/** The channel's advice while a statement is being made: ask again each half hour (business time). */
const ASK_AGAIN_AFTER_MS = 30 * 60_000;

/**
 * Asks the channel for a statement until it exists, and streams it into the file store as it is. Each attempt asks
 * for a fresh address: the channel's download addresses live for minutes and are never stored. `brokenBefore` files of
 * this day did not come whole. A statement that is there already, with nothing left to do, is recognised here: by the channel's
 * hash before it is downloaded, or by its bytes afterwards.
 */
export function fetchStatement(deps: ActivityDeps) {
  return (day: StatementDay, brokenBefore = 0): Promise<FetchedStatement | { outcome: 'empty' }> =>
    atBoundary(async () => {
      const channel = deps.channels.get(day.accountId);
      waitForMending(deps, brokenBefore);
      waitUntilMade(deps, channel, day);
      const availability = await channel.requestStatement(day.kind, day.billDate);
      switch (availability.outcome) {
        case 'empty':
          return { outcome: 'empty' };
        case 'creating':
          if (availability.orEmpty === true && isPast(deps, day, channel.limits.emptyAfterMs))
            return { outcome: 'empty' };
          throw askAgain(deps, ASK_AGAIN_AFTER_MS, 'the channel is still making the statement');
        case 'held':
          if (availability.reason !== 'rate_limited') {
            throw new AppError('channel_config', { code: availability.channelCode });
          }
          throw askAgain(deps, availability.retryAfterMs ?? ASK_AGAIN_AFTER_MS, availability.message);
        case 'unknown':
          throw new AppError('channel_unreachable', { why: availability.why });
        case 'ready':
          return (
            (await announced(deps, day, availability.ticket)) ??
            (await download(deps, day, channel, availability.ticket))
          );
      }
    });
}

function waitUntilMade(deps: ActivityDeps, channel: Channel, day: StatementDay): void {
  const madeAtMs = endOf(day) + channel.limits.statementReadyAfterMs;
  const waitMs = madeAtMs - deps.clock.now().getTime();
  if (waitMs > 0) throw askAgain(deps, waitMs, 'the day is not over, or its statement is not due yet');
}

/**
 * The first broken file is downloaded again at once: most often the download was cut short. After that the channel is
 * left the time to mend it, once before each download.
 */
function waitForMending(deps: ActivityDeps, brokenBefore: number): void {
  if (brokenBefore < 2 || activityInfo().attempt > 1) return;
  throw askAgain(deps, ASK_AGAIN_AFTER_MS, 'the file did not come whole several times');
}

/** Whether so much time has passed since the day ended. */
function isPast(deps: ActivityDeps, day: StatementDay, afterMs: number): boolean {
  return deps.clock.now().getTime() >= endOf(day) + afterMs;
}

function endOf(day: StatementDay): number {
  return beijingInstant(addDays(day.billDate, 1)).getTime();
}

/**
 * The channel's hash is known before the download: what is there already need not be had again. Like the load, it believes the hash:
 * new bytes under the hash of the old ones are not seen.
 */
async function announced(
  deps: ActivityDeps,
  day: StatementDay,
  { hash }: StatementTicket,
): Promise<FetchedStatement | null> {
  if (hash === null) return null;
  const found = await knownByHash(deps.pool, day, hash);
  if (found === null || found.uri === null) return null;
  return { outcome: 'fetched', uri: found.uri, bytes: 0, hash, known: found.known };
}

async function download(
  deps: ActivityDeps,
  day: StatementDay,
  channel: Channel,
  ticket: StatementTicket,
): Promise<FetchedStatement> {
  const source = await ticket.download();
  const tell = beatsOfProgress();
  const stored = await deps.files.put(source, {
    name: `${day.accountId}/${day.kind}/${day.billDate}`,
    onProgress: (bytes) => {
      tell({ phase: 'download', bytes });
    },
  });
  const fetched = { outcome: 'fetched', uri: stored.uri, bytes: stored.bytes, hash: ticket.hash } as const;
  // Where the channel gives a hash, these bytes have to have it, wherever they are kept: the load sees to that.
  const found = ticket.hash === null ? await knownByPlace(deps.pool, day, stored.uri) : null;
  if (found !== null) return { ...fetched, known: found.known };
  const { overBytes } = deps.splitting;
  const isLarge = overBytes !== null && stored.bytes > overBytes;
  return isLarge && channel.statementRanges !== undefined ? { ...fetched, inRanges: true } : fetched;
}

function askAgain(deps: ActivityDeps, afterMs: number, why: string) {
  return comeBack('statement_not_ready', { afterMs, clock: deps.clock, floorMs: deps.pollFloorMs, why });
}
