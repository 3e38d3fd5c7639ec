/** What must be true at the end of the month. Each check compares two independent sources. */
import { ERRORS } from '../../domain/errors.ts';
import { formatYuan } from '../../domain/money.ts';
import type { Sandbox } from '../../sandbox/wechat/server.ts';
import type { Pool } from '../../store/pool.ts';
import { verifyAudit } from '../../store/audit.ts';
import type { DemoPlan, PlannedRefund, TroubleName } from './plan.ts';
import { TROUBLES } from './plan.ts';
import type { DemoReport } from './report.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Planted {
  readonly trouble: string;
  readonly refund_no: string;
  readonly expected: string;
  readonly found: string;
}

/** What became of every planted trouble. */
export async function readPlanted(pool: Pool, plan: DemoPlan, sandbox: Sandbox): Promise<readonly Planted[]> {
  const { rows } = await pool.query<{ refund_no: string; state: string }>(
    'select r.refund_no, s.effective_state as state from refunds r join refund_status s on s.id = r.id',
  );
  const states = new Map(rows.map((row) => [row.refund_no, row.state]));
  const planted: Planted[] = plan.refunds
    .filter((refund): refund is PlannedRefund & { trouble: TroubleName } => refund.trouble !== null)
    .map((refund) => ({
      trouble: refund.trouble,
      refund_no: refund.refundNo,
      expected: TROUBLES[refund.trouble].expected,
      found: states.get(refund.refundNo) ?? 'nothing',
    }));
  return [...planted, ...(await readDifferences(pool, plan, sandbox))];
}

/** Differences between statement and books that must have become breaks, and days whose statement came late. */
async function readDifferences(pool: Pool, plan: DemoPlan, sandbox: Sandbox): Promise<readonly Planted[]> {
  const { rows } = await pool.query<{ kind: string; refund_no: string | null; bill_date: string | null }>(
    `select kind, refund_no, bill_date from breaks where status = 'open'`,
  );
  const has = (kind: string, refundNo: string): string =>
    rows.some((row) => row.kind === kind && row.refund_no === refundNo) ? kind : 'no break';
  const byTrouble = (trouble: TroubleName, kind: string): Planted[] =>
    plan.refunds
      .filter((refund) => refund.trouble === trouble)
      .map(({ refundNo }) => ({ trouble, refund_no: refundNo, expected: kind, found: has(kind, refundNo) }));
  const byHand = sandbox
    .ledger()
    .paidOut.filter((paid) => paid.origin === 'console')
    .map((paid) => ({
      trouble: 'refund_by_hand',
      refund_no: paid.refundNo,
      expected: 'missing_in_books',
      found: has('missing_in_books', paid.refundNo),
    }));
  const late = sandbox.plan
    .list()
    .filter((one) => one.trouble.kind === 'bill_late')
    .map((one) => ({ trouble: 'bill_late', refund_no: one.billDate ?? '', expected: 'loaded', found: '' }));
  const files = await pool.query<{ bill_date: string }>(
    `select bill_date from statement_files where kind = 'trade' and status in ('loaded', 'empty')`,
  );
  const loaded = new Set(files.rows.map((row) => row.bill_date));
  return [
    ...byTrouble('line_missing', 'missing_at_channel'),
    ...byTrouble('amount_differs', 'amount_differs'),
    ...byHand,
    ...late.map((one) => ({ ...one, found: loaded.has(one.refund_no) ? 'loaded' : 'missing' })),
  ];
}

export async function runChecks(o: {
  readonly pool: Pool;
  readonly plan: DemoPlan;
  readonly sandbox: Sandbox;
  readonly report: DemoReport;
  readonly planted: readonly Planted[];
}): Promise<readonly Check[]> {
  const { report, plan, planted } = o;
  const byStates = Object.values(report.by_state).reduce((sum, count) => sum + count, 0);
  const wrong = planted.filter((one) => one.found !== one.expected);
  const lineBreaks = await countLineBreaks(o.pool);
  const broken = await verifyAudit(o.pool);
  const { statements } = report;
  return [
    check(
      'states add up to refunds',
      byStates === plan.refunds.length,
      `${String(byStates)} of ${String(plan.refunds.length)}`,
    ),
    check(
      'every planted trouble ended as expected',
      wrong.length === 0,
      `${String(planted.length - wrong.length)} of ${String(planted.length)}`,
    ),
    check(
      'every refund line is matched, a break or set aside',
      statements.refund_lines === statements.matched + lineBreaks + statements.quarantined,
      `${String(statements.refund_lines)} = ${String(statements.matched)} + ${String(lineBreaks)} + ${String(statements.quarantined)}`,
    ),
    ...(await checkLedger(o)),
    ...checkOverdue(o),
    ...(await checkForgeries(o.pool, plan, o.sandbox)),
    check(
      'the audit trail verifies',
      broken === null,
      broken === null ? 'every chain' : `record ${broken.id ?? 'of a refund'}: ${broken.why}`,
    ),
  ];
}

function check(name: string, ok: boolean, detail: string): Check {
  return { name, ok, detail };
}

/** Breaks that are about a line of a live statement, with no agreeing match of that line. */
async function countLineBreaks(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ lines: bigint }>(
    `select count(distinct (b.file_id, b.line_no)) as lines
       from breaks b join statement_files f on f.id = b.file_id and f.status = 'loaded'
      where b.status = 'open'
        and not exists (select from live_matches m where m.file_id = b.file_id and m.line_no = b.line_no and m.amount_agrees)`,
  );
  return Number(rows[0]?.lines ?? 0n);
}

/** The channel's ledger, which no answer or callback can change, against our books: number by number. */
async function checkLedger(o: { pool: Pool; sandbox: Sandbox }): Promise<readonly Check[]> {
  const ledger = o.sandbox.ledger();
  const { rows } = await o.pool.query<{ refund_no: string; amount_minor: bigint }>(
    'select refund_no, amount_minor from refunds where succeeded_at is not null',
  );
  const ours = new Map(rows.map((row) => [row.refund_no, row.amount_minor]));
  const paid = ledger.paidOut.filter((one) => one.origin === 'api');
  const differing = paid.filter((one) => ours.get(one.refundNo) !== one.amountMinor);
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, minor) => total + minor, 0n);
  return [
    check(
      'no refund was paid twice',
      ledger.doublePayments === 0 && ledger.overRefundedPayments.length === 0,
      `${String(paid.length)} paid, each once`,
    ),
    check("the channel's ledger balances", ledger.balanced, `${String(ledger.postings)} postings`),
    check(
      "the channel's ledger equals our books",
      differing.length === 0 && paid.length === ours.size,
      `${formatYuan(sum(paid.map((one) => one.amountMinor)))} CNY paid, ${formatYuan(sum([...ours.values()]))} CNY booked`,
    ),
  ];
}

/** Overdue at the end: what the channel never decided or cannot pay, and nothing that has evidence. */
function checkOverdue(o: { plan: DemoPlan; report: DemoReport }): readonly Check[] {
  const late = new Set<string | null>(['stuck', 'abnormal', 'amount_differs']);
  const must = o.plan.refunds.filter((refund) => refund.trouble === 'stuck' || refund.trouble === 'abnormal');
  const flagged = new Map(o.report.overdue.map((row) => [row.refund_no, row]));
  const missed = must.filter((refund) => !flagged.has(refund.refundNo));
  const wrongly = o.plan.refunds.filter(
    (refund) => flagged.has(refund.refundNo) && !late.has(refund.trouble),
  );
  const bare = o.report.overdue.filter(
    (row) => row.serials.transaction_id === null || row.serials.channel_refund_no === null,
  );
  return [
    check(
      'every undecided refund is on the overdue list, and no proven one',
      missed.length === 0 && wrongly.length === 0,
      `${String(flagged.size)} listed`,
    ),
    check(
      'every overdue refund has the serials to quote',
      bare.length === 0,
      `${String(flagged.size - bare.length)} of ${String(flagged.size)}`,
    ),
  ];
}

/**
 * Forged notices and probes were refused and kept as refused. One that came while an engine was away was answered
 * "not now": nobody believed it, and there was nowhere to keep it.
 */
async function checkForgeries(pool: Pool, plan: DemoPlan, sandbox: Sandbox): Promise<readonly Check[]> {
  const planned = plan.refunds.filter(
    (refund) => refund.trouble === 'callback_forged' || refund.trouble === 'callback_probe',
  ).length;
  const tries = sandbox.deliveries().filter((one) => one.flavour === 'forged' || one.flavour === 'probe');
  const believed = tries.filter((one) => one.taken);
  const refused = tries.filter((one) => one.status === ERRORS.callback_signature_invalid.status);
  const { rows } = await pool.query<{ kept: bigint }>(
    `select count(*) as kept from callbacks where verdict = 'refused'`,
  );
  const kept = Number(rows[0]?.kept ?? 0n);
  return [
    check(
      'forged and probing callbacks were refused',
      tries.length >= planned && believed.length === 0 && kept >= refused.length,
      `${String(kept)} refused`,
    ),
  ];
}
