/** What an import made of a day: as one hash, and whether any of it is there by halves. */
import { createHash } from 'node:crypto';
import pg from 'pg';

/**
 * Each in an order of its own, without what differs between two imports of the same bytes: ids of files and breaks, and
 * instants at which something was done. A file id that a rolled back import took is never given again.
 */
const RESULTS: Readonly<Record<string, string>> = {
  files: `select to_jsonb(f) - '{id,received_at,matched_at,superseded_at,uri}'::text[] as row,
                 row_number() over (order by bill_date, kind, revision) as place from yuanlu.statement_files f`,
  lines: `select to_jsonb(l) - 'file_id' as row, row_number() over (order by bill_date, line_no, file_id) as place
            from yuanlu.statement_lines l`,
  quarantined: `select to_jsonb(q) - 'file_id' as row, row_number() over (order by file_id, line_no) as place
                  from yuanlu.quarantined_lines q`,
  matches: `select to_jsonb(m) - 'file_id' as row, row_number() over (order by bill_date, line_no, refund_id, file_id) as place
              from yuanlu.matches m`,
  breaks: `select to_jsonb(b) - '{id,file_id,dedupe_key,opened_at,closed_at,detail,closing_evidence}'::text[]
                    || jsonb_build_object('detail', detail - 'of_file', 'closing', closing_evidence - 'file_id') as row,
                  row_number() over (order by kind, bill_date, line_no, refund_id) as place from yuanlu.breaks b`,
  news: `select jsonb_build_object('refund', refund_id, 'told', told_at is not null) as row,
                row_number() over (order by refund_id) as place from yuanlu.match_news`,
  evidence: `select to_jsonb(o) - '{id,observed_at,recorded_in}'::text[] as row,
                    row_number() over (order by refund_id, source, kind, ref) as place from yuanlu.observations o`,
  refunds: `select jsonb_build_object('id', id, 'state', state, 'reason', state_reason) as row,
                   row_number() over (order by id) as place from yuanlu.refunds`,
};

/** One hash a table, so that a difference says where it is. */
export async function resultsOf(databaseUrl: string): Promise<Readonly<Record<string, string>>> {
  return within(databaseUrl, async (client) => {
    const hashes: Record<string, string> = {};
    for (const [name, rows] of Object.entries(RESULTS)) {
      const { rows: found } = await client.query<{ n: string; hash: string | null }>(
        `select count(*) as n, md5(string_agg(md5(row::text), '' order by place)) as hash from (${rows}) results`,
      );
      hashes[name] = `${found[0]?.n ?? '0'} ${found[0]?.hash ?? 'none'}`;
    }
    return hashes;
  });
}

/** The same in one line. */
export function hashOf(results: Readonly<Record<string, string>>): string {
  return createHash('sha256').update(JSON.stringify(results)).digest('hex');
}

/** How many lines and matches a file has, and which tables of lines and matches there are besides. */
export interface Wholeness {
  readonly files: readonly { readonly lines: number; readonly matches: number | null }[];
  /** Tables of a file that is not there, or that hang on no other. */
  readonly orphans: readonly string[];
}

export function wholenessOf(databaseUrl: string): Promise<Wholeness> {
  return within(databaseUrl, async (client) => {
    // One snapshot for both: meanwhile a worker that was not killed goes on.
    await client.query('begin isolation level repeatable read read only');
    const { rows: files } = await client.query<Wholeness['files'][number]>(
      `select (select count(*) from yuanlu.statement_lines l where l.file_id = f.id)::int as lines,
              case when f.matched_at is not null
                   then (select count(*) from yuanlu.matches m where m.file_id = f.id)::int end as matches
         from yuanlu.statement_files f where f.status = 'loaded'`,
    );
    const { rows: orphans } = await client.query<{ relname: string }>(
      `select c.relname
         from pg_class c,
              lateral (select substring(c.relname from '^(?:statement_lines|matches)_f([0-9]+)$')::bigint as file) leaf
        where c.relnamespace = 'yuanlu'::regnamespace and c.relkind = 'r' and leaf.file is not null
          and not (c.relispartition and exists (select from yuanlu.statement_files f
                    where f.id = leaf.file and (f.matched_at is not null or c.relname like 'statement_lines%')))`,
    );
    return { files, orphans: orphans.map(({ relname }) => relname) };
  });
}

/** With a connection of its own: one of a pool may have died with the server before. */
async function within<T>(databaseUrl: string, look: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await look(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A backend that works for these connections right now; null when all of them wait. */
export async function busyBackend(databaseUrl: string, applicationName: string): Promise<number | null> {
  return within(databaseUrl, async (client) => {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = $1 and state <> 'idle' order by xact_start limit 1`,
      [applicationName],
    );
    return rows[0]?.pid ?? null;
  });
}
