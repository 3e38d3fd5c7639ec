/** What `yuanlu doctor` says of statements that should be here and are not. */
import type { Clock } from '../../domain/clock.ts';
import type { StatementGap } from '../../domain/statement/gaps.ts';
import { createPool } from '../../store/pool.ts';
import type { ChannelRegistry } from '../../workers/channels.ts';
import { aboutDatabase } from '../../workers/not-there.ts';
import { beijingTime } from '../output.ts';
import type { Noted } from './doctor-checks.ts';
import { gapsOf } from './statement-gaps.ts';

/** Gaps that are named one by one; `yuanlu statements gaps` names all. */
const NAMED_MAX = 5;

/** Looks for itself: the scheduler that notes gaps may be what is missing. `clock` is the business's own. */
export async function checkGaps(
  url: string,
  channels: Pick<ChannelRegistry, 'accountIds' | 'get'>,
  clock: Clock,
): Promise<Noted> {
  const pool = createPool({ url, role: 'yuanlu_app', max: 1, name: 'doctor' });
  try {
    return noteOf(await gapsOf(pool, channels, clock));
  } catch (error) {
    throw aboutDatabase(error, url);
  } finally {
    await pool.end();
  }
}

function noteOf(gaps: readonly StatementGap[]): Noted {
  const [first] = gaps;
  if (first === undefined) return { detail: 'none is missing', mend: null };
  const named = gaps
    .slice(0, NAMED_MAX)
    .map(
      ({ accountId, kind, billDate, dueAt, refusedCode }) =>
        `${accountId} ${kind} of ${billDate}, due ${beijingTime(dueAt)}${refusedCode === null ? '' : `, refused: ${refusedCode}`}`,
    );
  const more = gaps.length > named.length ? [`… and ${String(gaps.length - named.length)} more`] : [];
  const run = `yuanlu statements run --account ${first.accountId} --kind ${first.kind} --date ${first.billDate}`;
  return {
    ok: false,
    detail: [`${String(gaps.length)} missing`, ...named, ...more].join('\n'),
    mend: `See \`yuanlu statements gaps\`, and ask again: ${run} [--to <date>]`,
  };
}
