/** The overdue sweep over books with many open refunds, and one plain scan that writes the same as the yardstick. */
import pg from 'pg';
import { WINDOW_VERSION } from '../domain/time/arrival-window.ts';
import { chinaCalendar } from '../domain/time/china-calendar.ts';
import { findOutdated } from '../store/outdated-plans.ts';
import { findDue, flagOverdue, OPEN } from '../store/overdue.ts';
import type { DuePlace } from '../store/overdue.ts';
import type { Pool } from '../store/pool.ts';
import { createPool } from '../store/pool.ts';
import { ACCOUNT, MERCHANT } from './bill.ts';
import { databaseUrl, emptyBooks } from './books.ts';

const NOW = new Date('2026-11-24T02:00:00Z');

/** The sweep an hour later. */
const AN_HOUR_LATER = new Date(NOW.getTime() + 3_600_000);

/** One open refund in a hundred has become due: as many as in an hour where a million are open for four days each. */
export const DUE_EVERY = 100;

/** And five times as many an hour later, as after the end of a long holiday. */
const DUE_LATER_EVERY = 20;

/** Pages that a sweep asks about, and their size; see `workflows/overdue-sweep.ts`. */
const PAGES = 50;
const PAGE_SIZE = 100;

/**
 * Makes a database with so many open refunds, each with one record in its audit trail. Those that are due were asked about
 * since, as their own workflows do. Filling is not measured: the rows are put in as they would be by now.
 */
export async function fillOpen(adminUrl: string, name: string, refunds: number): Promise<void> {
  await emptyBooks(adminUrl, name);
  const client = new pg.Client({
    connectionString: databaseUrl(adminUrl, name),
    options: '-c search_path=yuanlu',
  });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    await client.query(
      `insert into channel_accounts (id, merchant_id, channel, external_id) values ($1, $2, 'wechat', '1900000109')`,
      [ACCOUNT, MERCHANT],
    );
    await client.query(
      `insert into payments (merchant_id, account_id, payment_no, captured_minor, currency, fingerprint, created_at)
       values ($1, $2, 'P1', 1000000000000, 'CNY', 'made-up', $3)`,
      [MERCHANT, ACCOUNT, NOW],
    );
    await client.query(
      `insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint,
         requested_at, state, channel_refund_no, accepted_at, promise_at, alarm_at, escalate_at, window_version,
         calendar_revision, last_asked_at, last_answer, workflow_started_at, payment_no)
       select $1, $2, 'wechat', 1, 'RF' || n, 100 + n % 1000, 'CNY', 'made-up', $3::timestamptz - interval '5 days', 'processing',
              '5030' || n, $3::timestamptz - interval '5 days', due, due + interval '2 days', due + interval '5 days', $4, $5,
              $3::timestamptz + interval '1 hour', 'processing', $3::timestamptz - interval '5 days', 'P1'
         from (select n, $3::timestamptz + (n % 3000) * interval '1 second'
                           + case when n % $6 = 0 then interval '-1 hour' when n % $7 = 0 then interval '0' else interval '2 hours' end as due
                 from generate_series(1, $8::int) n) as made_up`,
      [MERCHANT, ACCOUNT, NOW, WINDOW_VERSION, chinaCalendar.revision, DUE_EVERY, DUE_LATER_EVERY, refunds],
    );
    await client.query(
      `insert into audit (refund_id, seq, at, actor, action, after, previous_hash, hash)
       select id, 1, requested_at, 'bench', 'refund.recorded', '{}', '', md5(id::text) from refunds`,
    );
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

/** A sweep as the workflow orders it, without the questions to the channel. */
export async function sweepOurs(url: string): Promise<Record<string, unknown>> {
  const pool = createPool({ url, role: 'yuanlu_app', max: 1, name: 'bench-sweep' });
  await pool.query('select 1');
  const began = performance.now();
  const sources = { windowVersion: WINDOW_VERSION, calendarRevision: chinaCalendar.revision };
  const outdated = await findOutdated(pool, sources, { after: null, limit: 1 });
  await askable(pool);
  const found = performance.now();
  const { raised } = await flagOverdue(pool, NOW, { unaskedAtMostMs: 86_400_000 });
  const flagged = performance.now();
  const again = await flagOverdue(pool, NOW, { unaskedAtMostMs: 86_400_000 });
  const nothing = performance.now();
  const later = await flagOverdue(pool, AN_HOUR_LATER, { unaskedAtMostMs: 86_400_000 });
  const ended = performance.now();
  await pool.end();
  if (outdated.length + again.raised > 0) throw new Error('the sweep did not do all of it at once');
  return {
    ...{ raised, findMs: found - began, flagMs: flagged - found, sweepMs: flagged - began },
    ...{
      againMs: nothing - flagged,
      laterMs: ended - nothing,
      laterPerSecond: later.raised / ((ended - nothing) / 1000),
    },
  };
}

async function askable(pool: Pool): Promise<void> {
  let after: DuePlace | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const due = await findDue(pool, {
      now: NOW,
      limit: PAGE_SIZE,
      ...(after === undefined ? {} : { after }),
    });
    after = due.at(-1)?.place;
    if (due.length < PAGE_SIZE) return;
  }
}

/** The same flags by one statement that reads every refund (the sum keeps it from any index): what a sweep without an index of what is due would do. */
export async function sweepByScan(url: string): Promise<Record<string, unknown>> {
  const pool = createPool({ url, role: 'yuanlu_app', max: 1, name: 'bench-scan', statementTimeoutMs: 0 });
  await pool.query('select 1');
  const began = performance.now();
  const { rowCount } = await pool.query(
    `with changed as (
       update refunds r set overdue_level = 1, overdue_since = $1 where ${OPEN} and r.promise_at + interval '0' <= $1 and r.overdue_level = 0
       returning r.id
     )
     insert into overdue_flags (refund_id, level, at) select id, 1, $1 from changed`,
    [NOW],
  );
  const sweepMs = performance.now() - began;
  await pool.end();
  return { raised: rowCount ?? 0, sweepMs };
}
