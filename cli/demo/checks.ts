/** What must be true at the end of the month. Each check compares two independent sources. */
import { ERRORS } from '../../domain/errors.ts';
import { formatYuan } from '../../domain/money.ts';
import type { SandboxShop } from '../../sandbox/shops.ts';
import type { Pool } from '../../store/pool.ts';
import { FALSE_FLAVOURS } from '../../sandbox/notice-tries.ts';
import { verifyActAudit } from '../../store/act-audit.ts';
import { verifyAudit } from '../../store/audit.ts';
import type { DemoPlan } from './plan.ts';
import type { Planted } from './planted.ts';
import type { DemoReport } from './report.ts';
import type { MissingTrace } from './traces.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export async function runChecks(o: {
  readonly pool: Pool;
  readonly plan: DemoPlan;
  readonly shops: readonly SandboxShop[];
  readonly report: DemoReport;
  readonly planted: readonly Planted[];
  /** What troubles should have left and did not. */
  readonly traceless: readonly MissingTrace[];
}): Promise<readonly Check[]> {
  const { report, plan, planted } = o;
  const byStates = Object.values(report.by_state).reduce((sum, count) => sum + count, 0);
  const wrong = planted.filter((one) => one.found !== one.expected);
  const lineBreaks = await countLineBreaks(o.pool);
  const broken = await brokenAudit(o.pool);
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
      'every planted trouble left its trace in the books',
      o.traceless.length === 0,
      o.traceless.length === 0 ? 'met and handled' : o.traceless.map(tracelessText).join('; '),
    ),
    check(
      'every refund line is matched, a break or set aside',
      statements.refund_lines === statements.matched + lineBreaks + statements.quarantined,
      `${String(statements.refund_lines)} = ${String(statements.matched)} + ${String(lineBreaks)} + ${String(statements.quarantined)}`,
    ),
    await checkAcceptances(o.pool),
    ...(await checkLedgers(o)),
    ...checkOverdue(o),
    ...(await checkForgeries(o.pool, plan, o.shops)),
    check('the audit trail verifies', broken === null, broken ?? 'every chain'),
  ];
}

/** No channel has a refund before it was sent: a time of acceptance is the channel's word. Channels say whole seconds. */
async function checkAcceptances(pool: Pool): Promise<Check> {
  const { rows } = await pool.query<{ accepted: bigint; early: bigint }>(
    `select count(*) as accepted, count(*) filter (where r.accepted_at < date_trunc('second', o.first_at)) as early
       from refunds r
       join (select refund_id, min(observed_at) as first_at from observations
              where kind = 'attempt_started' group by refund_id) o on o.refund_id = r.id
      where r.accepted_at is not null`,
  );
  const { accepted = 0n, early = 0n } = rows[0] ?? {};
  return check(
    'no channel accepted a refund before it was sent',
    accepted > 0n && early === 0n,
    `${String(accepted - early)} of ${String(accepted)}`,
  );
}

/** What is wrong with a chain of records, of refunds or of anything else; null when all of them hold. */
async function brokenAudit(pool: Pool): Promise<string | null> {
  const refund = await verifyAudit(pool);
  if (refund !== null) return `record ${refund.id ?? 'of a refund'}: ${refund.why}`;
  const act = await verifyActAudit(pool);
  return act === null ? null : `${act.subject} ${act.subjectId}: ${act.why}`;
}

function tracelessText({ refundNo, channel, trouble, missing }: MissingTrace): string {
  return `${channel} ${trouble} ${refundNo} lacks ${missing.join(' and ')}`;
}

function check(name: string, ok: boolean, detail: string): Check {
  return { name, ok, detail };
}

/** Refund lines of live statements that are in a break, with no agreeing match of that line. */
async function countLineBreaks(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ lines: bigint }>(
    `select count(distinct (b.file_id, b.line_no)) as lines
       from breaks b join statement_files f on f.id = b.file_id and f.status = 'loaded'
       join statement_lines l on l.account_id = f.account_id and l.file_id = f.id and l.line_no = b.line_no
      where b.status = 'open' and l.line_type = 'refund'
        and not exists (select from live_matches m where m.file_id = b.file_id and m.line_no = b.line_no and m.amount_agrees)`,
  );
  return Number(rows[0]?.lines ?? 0n);
}

/** The channels' ledgers, which no answer or callback can change, against our books: number by number. */
async function checkLedgers(o: { pool: Pool; shops: readonly SandboxShop[] }): Promise<readonly Check[]> {
  const { rows } = await o.pool.query<{ account_id: string; refund_no: string; amount_minor: bigint }>(
    BOOKED,
  );
  return o.shops.flatMap((shop) =>
    checkLedger(
      shop,
      rows.filter((row) => row.account_id === shop.accountId),
    ),
  );
}

/** What the books hold for paid: by the channel's word of success, or by a line that proves as much. */
const BOOKED = `
  select r.account_id, r.refund_no, r.amount_minor
    from refunds r
   where exists (select from observations o
                  where o.refund_id = r.id
                    and (o.kind = 'channel_report' and o.body ->> 'status' = 'success'
                         or o.kind = 'statement_line' and o.body ->> 'proves' <> 'acceptance'))`;

function checkLedger(
  { channel, sandbox }: SandboxShop,
  booked: readonly { refund_no: string; amount_minor: bigint }[],
): readonly Check[] {
  const ledger = sandbox.ledger();
  const ours = new Map(booked.map((row) => [row.refund_no, row.amount_minor]));
  const paid = ledger.paidOut.filter((one) => one.origin === 'api');
  const differing = paid.filter((one) => ours.get(one.refundNo) !== one.amountMinor);
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, minor) => total + minor, 0n);
  return [
    check(
      `${channel}: no refund was paid twice`,
      ledger.doublePayments === 0 && ledger.overRefundedPayments.length === 0,
      `${String(paid.length)} paid, each once`,
    ),
    check(
      `${channel}: the channel's ledger balances`,
      ledger.balanced,
      `${String(ledger.postings)} postings`,
    ),
    check(
      `${channel}: the channel's ledger equals our books`,
      differing.length === 0 && paid.length === ours.size,
      `${formatYuan(sum(paid.map((one) => one.amountMinor)))} CNY paid, ${formatYuan(sum([...ours.values()]))} CNY booked`,
    ),
  ];
}

/** Overdue at the end: what the channel never decided or cannot pay, and nothing that has evidence. */
function checkOverdue(o: { plan: DemoPlan; report: DemoReport }): readonly Check[] {
  const flagged = new Set(o.report.overdue.map((row) => row.refund_no));
  const must = o.plan.refunds.filter(({ trouble }) => trouble?.overdue === 'always');
  const missed = must.filter((refund) => !flagged.has(refund.refundNo));
  const wrongly = o.plan.refunds.filter(
    ({ refundNo, trouble }) => flagged.has(refundNo) && trouble?.overdue === undefined,
  );
  const bare = o.report.overdue.filter(({ proof }) => !isProvable(proof));
  return [
    check(
      'every undecided refund is on the overdue list, and no proven one',
      missed.length === 0 && wrongly.length === 0,
      [
        `${String(flagged.size)} listed`,
        ...missed.map(({ refundNo, trouble }) => `${refundNo} ${trouble?.name ?? ''} is missing`),
        ...wrongly.map(({ refundNo }) => `${refundNo} does not belong there`),
      ].join(', '),
    ),
    check(
      'every overdue refund has the serials to quote',
      bare.length === 0,
      `${String(flagged.size - bare.length)} of ${String(flagged.size)}`,
    ),
  ];
}

/** Whether the payer has every number that the channel and the bank can look up. */
function isProvable(proof: DemoReport['overdue'][number]['proof']): boolean {
  const quoted = proof.filter(({ readers }) => readers.some((reader) => reader.startsWith('payer_')));
  return quoted.length > 0 && quoted.every(({ value }) => value !== null);
}

/** Of what is wrongly signed, and of what is meant for somebody else. */
const REFUSALS: ReadonlySet<number | null> = new Set([
  ERRORS.callback_signature_invalid.status,
  ERRORS.callback_account_differs.status,
]);

/**
 * Forged notices, those meant for others and probes were refused and kept as refused. One that came while an engine was away was answered
 * "not now": nobody believed it, and there was nowhere to keep it.
 */
async function checkForgeries(
  pool: Pool,
  plan: DemoPlan,
  shops: readonly SandboxShop[],
): Promise<readonly Check[]> {
  const planned = plan.refunds.filter(({ trouble }) => trouble?.forged === true).length;
  const tries = shops
    .flatMap(({ sandbox }) => sandbox.deliveries())
    .filter(({ flavour }) => FALSE_FLAVOURS.has(flavour));
  const believed = tries.filter((one) => one.taken);
  const refused = tries.filter(({ status }) => REFUSALS.has(status));
  const { rows } = await pool.query<{ kept: bigint }>(
    `select count(*) as kept from callbacks where verdict = 'refused'`,
  );
  const kept = Number(rows[0]?.kept ?? 0n);
  return [
    check(
      'forged, foreign and probing callbacks were refused',
      tries.length >= planned && believed.length === 0 && kept >= refused.length,
      `${String(kept)} refused`,
    ),
  ];
}
