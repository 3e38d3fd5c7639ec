/** Links to receipts, and the refund behind one with all its evidence. A link opens until it expires or is taken back. */
import type { Evidence, EvidenceRow } from './receipt-evidence.ts';
import { EVIDENCE_COLUMNS, EVIDENCE_FROM, toEvidence } from './receipt-evidence.ts';
import type { Db, Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

export interface ReceiptLink {
  readonly id: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
}

const LINK_COLUMNS = `id::text as id, created_by as "createdBy", created_at as "createdAt", expires_at as "expiresAt",
  revoked_at as "revokedAt"`;

/** Keeps a new link; with `replace` the earlier ones of the refund are taken back in the same step. */
export async function createReceiptLink(
  pool: Pool,
  link: {
    readonly refundId: string;
    readonly handle: Buffer;
    readonly createdBy: string;
    readonly createdAt: Date;
    readonly expiresAt: Date;
    readonly replace: boolean;
  },
): Promise<ReceiptLink> {
  return inTransaction(pool, async (tx) => {
    if (link.replace) await revokeReceiptLinks(tx, link.refundId, null, link.createdAt);
    const { rows } = await tx.query<ReceiptLink>(
      `insert into receipt_links (refund_id, handle, created_by, created_at, expires_at) values ($1, $2, $3, $4, $5)
       returning ${LINK_COLUMNS}`,
      [link.refundId, link.handle, link.createdBy, link.createdAt, link.expiresAt],
    );
    return rows[0] as ReceiptLink;
  });
}

/** Newest first. A refund has few: a reader is shown at most `limit`. */
export async function listReceiptLinks(
  db: Db,
  refundId: string,
  o: { readonly limit: number },
): Promise<readonly ReceiptLink[]> {
  const { rows } = await db.query<ReceiptLink>(
    `select ${LINK_COLUMNS} from receipt_links where refund_id = $1 order by receipt_links.id desc limit $2`,
    [refundId, o.limit],
  );
  return rows;
}

/** Takes one link back, or all with null. Returns how many were open. */
export async function revokeReceiptLinks(
  db: Db,
  refundId: string,
  linkId: string | null,
  at: Date,
): Promise<number> {
  const { rowCount } = await db.query(
    `update receipt_links set revoked_at = $3
      where refund_id = $1 and revoked_at is null and ($2::bigint is null or id = $2)`,
    [refundId, linkId, at],
  );
  return rowCount ?? 0;
}

/** What open links show, by handle in hex: without those that nobody made, that have expired or that were taken back. */
export async function evidenceOfLinks(
  db: Db,
  handles: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Evidence>> {
  const { rows } = await db.query<EvidenceRow & { readonly handle: Buffer }>(
    `select k.handle, ${EVIDENCE_COLUMNS} from receipt_links k join refunds r on r.id = k.refund_id ${EVIDENCE_FROM}
      where k.handle = any ($1::bytea[]) and k.revoked_at is null and k.expires_at > $2`,
    [handles.map((handle) => Buffer.from(handle, 'hex')), now],
  );
  return new Map(rows.map((row) => [row.handle.toString('hex'), toEvidence(row)]));
}

/** The same of a refund by its number, for its merchant. */
export async function evidenceOfRefund(
  db: Db,
  merchantId: string,
  refundNo: string,
): Promise<Evidence | null> {
  const { rows } = await db.query<EvidenceRow>(
    `select ${EVIDENCE_COLUMNS} from refunds r ${EVIDENCE_FROM} where r.merchant_id = $1 and r.refund_no = $2`,
    [merchantId, refundNo],
  );
  return rows[0] === undefined ? null : toEvidence(rows[0]);
}
