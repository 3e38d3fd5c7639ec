/** What ours makes of the lines of some days, and where somebody else who knows the rules thinks otherwise. */
import type { StatementLineSeen } from '../../domain/refund/observation.ts';
import { sweepMissing } from '../../store/match.ts';
import { ACCOUNT } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { bring } from './bills.ts';
import type { DuckLine, Fates } from './duck-match.ts';
import type { Books } from './match-worlds.ts';
import { NOW, plain } from './match-worlds.ts';

/** In what the channels differ. */
export interface ChannelRules {
  readonly proves: StatementLineSeen['proves'];
  readonly numberWithin: 'account' | 'payment';
  readonly dayEndsEarlyMs: number;
}

/** Differences that a failure shows, each with all of its world. */
const SHOWN_MAX = 3;

/** One file a day, imported and matched in this order, and then a look at what is missing. */
export async function ourFates(
  db: TestDatabase,
  books: Books,
  order: readonly string[],
  rules: ChannelRules,
): Promise<Fates> {
  const { proves, dayEndsEarlyMs } = rules;
  const numberWithin = rules.numberWithin === 'payment' ? rules.numberWithin : undefined;
  for (const billDate of order) {
    const lines = books.lines.filter((line) => line.bill_date === billDate).map(plain);
    await bring(db, { billDate, lines }, { now: NOW, proves, ...(numberWithin && { numberWithin }) });
  }
  await sweepMissing(db.ingest, { accountId: ACCOUNT, asOf: NOW, line: { proves, dayEndsEarlyMs } });
  const { rows } = await db.owner.query<{ place: string; fate: string }>(
    `select l.bill_date || '/' || l.line_no as place,
            concat_ws('+', m.refund_id || '@' || m.pass,
              (select string_agg(b.kind || coalesce('(' || b.refund_id || ')', ''), '+' order by b.kind) from breaks b
                where b.file_id = l.file_id and b.line_no = l.line_no and b.status = 'open')) as fate
       from statement_lines l left join matches m on m.file_id = l.file_id and m.line_no = l.line_no`,
  );
  const { rows: missing } = await db.owner.query<{ refund_id: bigint }>(
    `select refund_id from breaks where kind = 'missing_at_channel' and status = 'open' order by refund_id`,
  );
  return {
    lines: new Map(rows.map(({ place, fate }) => [place, fate])),
    missing: missing.map(({ refund_id: id }) => Number(id)),
  };
}

function worldOf(line: DuckLine): number {
  const number = line.refund_no ?? line.channel_refund_no ?? line.transaction_id ?? '';
  return Number(/^W([0-9]+)-/.exec(number)?.[1] ?? -1);
}

/** Lines of which the two think differently, with all that their world has. */
export function differences(books: Books, ours: Fates, theirs: Fates): readonly object[] {
  return books.lines
    .map((line) => ({ line, place: `${line.bill_date}/${String(line.line_no)}` }))
    .filter(({ place }) => ours.lines.get(place) !== theirs.lines.get(place))
    .slice(0, SHOWN_MAX)
    .map(({ line, place }) => ({
      ...{ line, ours: ours.lines.get(place), theirs: theirs.lines.get(place) },
      lines: books.lines.filter((one) => worldOf(one) === worldOf(line)),
      refunds: books.refunds.filter((one) => Math.floor(one.id / 10) === worldOf(line)),
    }));
}

/** The kinds of breaks and the passes that come up. */
export function kindsOf(fates: Fates): readonly string[] {
  const all = [...fates.lines.values()].flatMap((fate) => fate.match(/[a-z_]{4,}|@[123]/g) ?? []);
  return [...new Set(all)].toSorted();
}
