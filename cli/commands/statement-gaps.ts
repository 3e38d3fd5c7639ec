/** `yuanlu statements gaps`: what should be here and is not. */
import type { StatementGap } from '../../domain/statement/gaps.ts';
import { findStatementGaps } from '../../store/statement-gaps.ts';
import { EXIT } from '../exit.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import { withBooks } from './books.ts';

/** Exit code: 0 none is missing, 1 some are. */
export async function statementGapsCommand(options: { readonly json: boolean }): Promise<number> {
  const gaps = await withBooks(({ pool, channels, clock }) => {
    const accounts = channels.accountIds.map((id) => {
      const { statementKinds: kinds, statementReadyAfterMs: readyAfterMs } = channels.get(id).limits;
      return { id, kinds, readyAfterMs };
    });
    return findStatementGaps(pool, clock.now(), accounts);
  });
  createOutput(options.json).result({ gaps }, () => listText(gaps));
  return gaps.length === 0 ? EXIT.ok : EXIT.differences;
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
