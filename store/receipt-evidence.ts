/** A refund with everything that was ever observed about it, read in one statement: what a receipt is made from. */
import type { Observation } from '../domain/refund/observation.ts';
import { observationKey } from '../domain/refund/observation.ts';
import type { Refund } from '../domain/refund/refund.ts';
import { PAYMENT_COLUMNS } from './payment-rows.ts';
import type { RefundRow } from './refund-rows.ts';
import { toRefund } from './refund-rows.ts';

export interface Evidence {
  readonly refund: Refund;
  /** Recorded ones and the lines of live statements, in order of time. */
  readonly observations: readonly Observation[];
}

/** Of a refund under the alias `r`. A matched line is written as the observation that it is. */
export const EVIDENCE_COLUMNS = `r.*, s.effective_state, ${PAYMENT_COLUMNS},
  (select json_agg(o.body order by o.id) from observations o where o.refund_id = r.id) as recorded,
  (select json_agg(json_build_object('kind', 'statement_line', 'source', 'statement',
            'ref', l.file_sha256 || ':' || l.line_no, 'at', l.observed_at, 'proves', l.proves,
            'amountMinor', l.amount_minor::text, 'fileSha256', l.file_sha256, 'lineNo', l.line_no, 'billDate', l.bill_date)
          order by l.bill_date, l.file_sha256, l.line_no)
     from matched_line_evidence l where l.refund_id = r.id) as lines`;

export const EVIDENCE_FROM = 'join payments p on p.id = r.payment_id join refund_status s on s.id = r.id';

export interface EvidenceRow extends RefundRow {
  readonly recorded: Observation[] | null;
  readonly lines: Observation[] | null;
}

export function toEvidence(row: EvidenceRow): Evidence {
  const recorded = row.recorded ?? [];
  const known = new Set(recorded.map(observationKey));
  const lines = (row.lines ?? [])
    .filter((line) => !known.has(observationKey(line)))
    .map((line) => ({ ...line, at: new Date(line.at).toISOString() }));
  return {
    refund: toRefund(row),
    observations: [...recorded, ...lines].toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at)),
  };
}
