/** Lines and refunds that two people matched one to many, as people read it. */
import type { Db } from './pool.ts';

export interface MatchedTogether {
  readonly id: string;
  readonly approvalId: string;
  readonly madeAt: Date;
  readonly code: string;
  /** What the lines are more than the refunds, minor units, and why. */
  readonly remainderMinor: bigint;
  readonly remainderCode: string | null;
  /** By day and line; the refunds stand in the matches of the first. */
  readonly lines: readonly {
    readonly breakId: string;
    readonly fileId: string;
    readonly lineNo: number;
    readonly billDate: string;
    readonly amountMinor: bigint;
  }[];
  readonly refunds: readonly { readonly refundNo: string; readonly amountMinor: bigint }[];
}

interface Row {
  readonly id: bigint;
  readonly approval_id: bigint;
  readonly made_at: Date;
  readonly reason_code: string;
  readonly remainder_minor: bigint;
  readonly remainder_code: string | null;
  readonly lines: readonly {
    readonly break_id: string;
    readonly file_id: string;
    readonly line_no: number;
    readonly bill_date: string;
    readonly amount_minor: string;
  }[];
  readonly refunds: readonly { readonly refund_no: string; readonly amount_minor: string }[];
}

/** Of one statement, more is for a program. */
const SHOWN_MAX = 200;

const select = (where: string): string => `
  select g.id, g.approval_id, g.made_at, g.reason_code, g.remainder_minor, g.remainder_code,
         (select jsonb_agg(jsonb_build_object('break_id', l.break_id::text, 'file_id', l.file_id::text, 'line_no', l.line_no,
                   'bill_date', l.bill_date, 'amount_minor', l.amount_minor::text) order by l.bill_date, l.file_id, l.line_no)
            from yuanlu.match_group_lines l where l.group_id = g.id) as lines,
         (select jsonb_agg(jsonb_build_object('refund_no', r.refund_no, 'amount_minor', x.amount_minor::text) order by r.id)
            from yuanlu.match_group_refunds x join yuanlu.refunds r on r.id = x.refund_id where x.group_id = g.id) as refunds
    from yuanlu.match_groups g
   where g.ended_at is null
     and exists (select from yuanlu.match_group_lines l where l.group_id = g.id and l.${where} = $1)
   order by g.id limit ${String(SHOWN_MAX)}`;

/** The match of several that a break's line is in; null where it is in none. */
export async function togetherOf(db: Db, breakId: string): Promise<MatchedTogether | null> {
  const { rows } = await db.query<Row>(select('break_id'), [breakId]);
  return rows[0] === undefined ? null : toTogether(rows[0]);
}

/** The matches of several with a line of this statement. */
export async function togetherOfStatement(db: Db, fileId: string): Promise<readonly MatchedTogether[]> {
  const { rows } = await db.query<Row>(select('file_id'), [fileId]);
  return rows.map(toTogether);
}

function toTogether(row: Row): MatchedTogether {
  return {
    ...{
      id: String(row.id),
      approvalId: String(row.approval_id),
      madeAt: row.made_at,
      code: row.reason_code,
    },
    ...{ remainderMinor: row.remainder_minor, remainderCode: row.remainder_code },
    lines: row.lines.map((line) => ({
      ...{ breakId: line.break_id, fileId: line.file_id, lineNo: line.line_no, billDate: line.bill_date },
      amountMinor: BigInt(line.amount_minor),
    })),
    refunds: row.refunds.map((one) => ({
      refundNo: one.refund_no,
      amountMinor: BigInt(one.amount_minor),
    })),
  };
}
