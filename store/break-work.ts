/** What one person does with a break by themselves: the deed and its place in the history are one. */
import { AppError } from '../domain/errors.ts';
import type { ParkCode, ResolveCode } from '../domain/statement/break-work.ts';
import type { BreakRules } from '../domain/statement/break-work.ts';
import { atStakeMinor, mayParkUntil, mayResolveAlone } from '../domain/statement/break-work.ts';
import type { PlainDate } from '../domain/time/plain-date.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';
import { writeBreakEvent } from './break-events.ts';
import { currentBreakRules } from './break-rules.ts';
import type { Break } from './breaks.ts';
import { lockBreaks } from './breaks.ts';
import type { Pool, Tx } from './pool.ts';
import { inTransaction } from './pool.ts';

/** Which deeds there are. A note is for people. */
export type BreakDeed = { readonly note?: string | undefined } & (
  | { readonly kind: 'assigned'; readonly to: string }
  | { readonly kind: 'released' }
  | { readonly kind: 'parked'; readonly until: PlainDate; readonly code: ParkCode }
  | { readonly kind: 'unparked' }
  | { readonly kind: 'commented'; readonly note: string }
  | { readonly kind: 'resolved'; readonly code: ResolveCode }
);

export interface DeedDone {
  readonly breakId: string;
  readonly merchantId: string;
  readonly deed: BreakDeed;
  /** The person. */
  readonly by: string;
  readonly now: Date;
  /** The suggestion of the rules that the person accepts by it, in its words. */
  readonly suggested?: string | undefined;
  /** Looks at the break before anything is done to it, and throws where it is not as the person saw it. */
  readonly assertAsSeen?: ((tx: Tx, one: Break) => Promise<void>) | undefined;
}

/**
 * Does it, in one transaction.
 * @throws AppError `break_unknown`, `break_closed`, `break_needs_two_people`, `request_invalid` for a day that is past or too
 *   far ahead, and what `assertAsSeen` throws
 */
export async function workOnBreak(pool: Pool, done: DeedDone): Promise<void> {
  const { breakId, merchantId, deed, by, now } = done;
  await inTransaction(pool, async (tx) => {
    const [one] = await lockBreaks(tx, merchantId, [breakId]);
    if (one === undefined) throw new AppError('break_unknown', { number: breakId });
    await done.assertAsSeen?.(tx, one);
    assertMay(one, deed, { rules: await currentBreakRules(tx), now });
    await writeBreakEvent(tx, {
      ...{ breakId, at: now, kind: deed.kind, by, note: deed.note },
      reasonCode: 'code' in deed ? deed.code : undefined,
      detail: { ...detailOf(deed), ...(done.suggested === undefined ? {} : { suggested: done.suggested }) },
    });
  });
}

function detailOf(deed: BreakDeed): Readonly<Record<string, string>> {
  if (deed.kind === 'assigned') return { to: deed.to };
  return deed.kind === 'parked' ? { until: deed.until } : {};
}

function assertMay(
  one: Break,
  deed: BreakDeed,
  { rules, now }: { readonly rules: BreakRules; readonly now: Date },
): void {
  if (deed.kind === 'commented') return;
  if (one.status !== 'open')
    throw new AppError('break_closed', { number: one.id, closed_reason: one.closedReason ?? '' });
  if (deed.kind === 'parked' && !mayParkUntil(deed.until, beijingDateOf(now), rules))
    throw new AppError('request_invalid', { until: deed.until, days_ahead_max: rules.parkDaysMax });
  if (deed.kind === 'resolved' && !mayResolveAlone(one, rules))
    throw new AppError('break_needs_two_people', {
      number: one.id,
      at_stake_minor: atStakeMinor(one).toString(),
      alone_max_minor: rules.resolveAloneMaxMinor.toString(),
    });
}
