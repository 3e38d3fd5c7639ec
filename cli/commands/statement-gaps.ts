/** `yuanlu statements gaps`: what should be here and is not. */
import type { Clock } from '../../domain/clock.ts';
import type { StatementGap } from '../../domain/statement/gaps.ts';
import { findStatementGaps } from '../../store/statement-gaps.ts';
import type { Db } from '../../store/pool.ts';
import type { ChannelRegistry } from '../../workers/channels.ts';
import { EXIT } from '../exit.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import { withBooks } from './books.ts';

/** Exit code: 0 none is missing, 1 some are. */
export async function statementGapsCommand(options: { readonly json: boolean }): Promise<number> {
  const gaps = await withBooks(({ pool, channels, clock }) => gapsOf(pool, channels, clock));
  createOutput(options.json).result({ gaps }, () => listText(gaps));
  return gaps.length === 0 ? EXIT.ok : EXIT.differences;
}

/** Of all accounts by now; `clock` is the business's own. */
export function gapsOf(
  db: Db,
  channels: Pick<ChannelRegistry, 'accountIds' | 'get'>,
  clock: Clock,
): Promise<readonly StatementGap[]> {
  const accounts = channels.accountIds.map((id) => {
    const { statementKinds: kinds, statementReadyAfterMs: readyAfterMs } = channels.get(id).limits;
    return { id, kinds, readyAfterMs };
  });
  return findStatementGaps(db, clock.now(), accounts);
}

function listText(gaps: readonly StatementGap[]): string {
  const [first] = gaps;
  if (first === undefined) return 'No statement is missing.';
  const list = table(gaps, [
    { head: 'account', cell: (gap) => gap.accountId },
    { head: 'kind', cell: (gap) => gap.kind },
    { head: 'bill date', cell: (gap) => gap.billDate },
    { head: 'due', cell: (gap) => beijingTime(gap.dueAt) },
    { head: 'refused', cell: (gap) => gap.refusedCode ?? '' },
  ]);
  const run = `yuanlu statements run --account ${first.accountId} --kind ${first.kind} --date ${first.billDate}`;
  return [list, '', `Ask again: ${run} [--to <date>]`].join('\n');
}
