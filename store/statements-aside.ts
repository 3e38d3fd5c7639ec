/** What is kept aside of a delivery: why it was refused, and the rows of it that could not be read. */
import { isStatementFault } from '../domain/errors.ts';
import type { StatementKind, StatementSummary } from '../domain/statement/statement.ts';
import type { Pool, Tx } from './pool.ts';
import type { BytesSeen } from './statements-load.ts';
import { storable, storableText } from './storable-text.ts';

/** The delivery that was refused. */
export interface RefusedDelivery {
  readonly accountId: string;
  readonly kind: StatementKind | null;
  readonly billDate: string | null;
  readonly part?: string;
  readonly uri: string | null;
  readonly now: Date;
}

/**
 * Keeps the reason of a refusal in a transaction of its own. The same delivery refused again only raises the count. It is
 * told by where it is kept as well: of many a damaged zip not one byte was unpacked, and none is the same as the next.
 */
export async function recordRefusal(
  ingest: Pool,
  delivery: RefusedDelivery,
  fault: unknown,
  seen: Pick<BytesSeen, 'bytes' | 'digests'>,
): Promise<void> {
  const { kind, billDate } = delivery;
  if (!isStatementFault(fault) || kind === null || billDate === null) return;
  const { sha256 } = seen.digests();
  await ingest.query(
    `with again as (
       update yuanlu.statement_files set refused_count = refused_count + 1
        where account_id = $1 and kind = $2 and bill_date = $3 and status = 'refused' and sha256 = $4
          and refusal_code = $5 and uri is not distinct from $8
       returning id)
     insert into yuanlu.statement_files (account_id, kind, bill_date, part, revision, status, sha256, size_bytes, uri,
       refusal_code, refused_count, detail, received_at)
     select $1, $2, $3, $6, 0, 'refused', $4, $7, $8, $5, 1, $9, $10 where not exists (select from again)`,
    [
      delivery.accountId,
      kind,
      billDate,
      sha256,
      fault.code,
      delivery.part ?? '',
      seen.bytes,
      delivery.uri,
      storable({ message: fault.message, ...fault.details }),
      delivery.now,
    ],
  );
}

/** Rows that could not be read, with their place and the reason. */
export async function keepQuarantined(tx: Tx, fileId: string, summary: StatementSummary): Promise<void> {
  if (summary.quarantined.length === 0) return;
  await tx.query(
    `insert into yuanlu.quarantined_lines (file_id, line_no, byte_offset, code, reason, raw)
     select $1, * from unnest($2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[])`,
    [
      fileId,
      summary.quarantined.map((one) => one.lineNo),
      summary.quarantined.map((one) => one.byteOffset),
      summary.quarantined.map((one) => one.code),
      summary.quarantined.map((one) => one.reason),
      summary.quarantined.map((one) => storableText(one.raw)),
    ],
  );
}
