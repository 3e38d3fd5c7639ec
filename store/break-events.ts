/** The history of a break: what people and evidence did, in order. Writing it down is what does it (migration 0031). */
import type { BreakEventKind } from '../domain/statement/break-work.ts';
import type { Db, Tx } from './pool.ts';

export interface BreakEvent {
  readonly id: string;
  readonly at: Date;
  readonly kind: BreakEventKind;
  /** The person; null where evidence or a rule did it. */
  readonly by: string | null;
  readonly reasonCode: string | null;
  readonly note: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly approvalId: string | null;
}

export interface NewBreakEvent {
  readonly breakId: string;
  readonly at: Date;
  readonly kind: Exclude<
    BreakEventKind,
    'matched_together' | 'resolved_by_rule' | 'closed' | 'answered' | 'carried' | 'lapsed'
  >;
  readonly by: string;
  readonly reasonCode?: string | undefined;
  readonly note?: string | undefined;
  readonly detail?: Readonly<Record<string, string>>;
  readonly approvalId?: string;
}

/** More than people write; the newest are shown. */
const HISTORY_MAX = 500;

/** Writes an event down; the database does what it says, or refuses it. */
export async function writeBreakEvent(tx: Tx, event: NewBreakEvent): Promise<void> {
  await tx.query(
    `insert into break_events (break_id, at, kind, actor, reason_code, note, detail, approval_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[event.breakId, event.at, event.kind, event.by, event.reasonCode ?? null, event.note ?? null],
      ...[JSON.stringify(event.detail ?? {}), event.approvalId ?? null],
    ],
  );
}

/** The history of a break, oldest first; of a very long one the newest part. */
export async function historyOf(db: Db, breakId: string): Promise<readonly BreakEvent[]> {
  const { rows } = await db.query<{
    readonly id: bigint;
    readonly at: Date;
    readonly kind: BreakEventKind;
    readonly actor: string | null;
    readonly reason_code: string | null;
    readonly note: string | null;
    readonly detail: Record<string, unknown>;
    readonly approval_id: bigint | null;
  }>(
    `select id, at, kind, actor, reason_code, note, detail, approval_id from yuanlu.break_events
      where break_id = $1 order by id desc limit ${String(HISTORY_MAX)}`,
    [breakId],
  );
  return rows.toReversed().map((row) => ({
    id: String(row.id),
    at: row.at,
    kind: row.kind,
    by: row.actor,
    reasonCode: row.reason_code,
    note: row.note,
    detail: row.detail,
    approvalId: row.approval_id === null ? null : String(row.approval_id),
  }));
}
