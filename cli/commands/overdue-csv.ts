/** `yuanlu overdue list --csv`: the list for a spreadsheet, with every number as text and nothing taken for a formula. */
import { formatYuan } from '../../domain/money.ts';
import type { LateRefund, Serial } from '../../domain/overdue/late-refund.ts';
import type { ProofReader } from '../../domain/refund/proof.ts';
import { PROOF_READERS } from '../../domain/refund/proof.ts';
import type { OverdueRow } from '../../store/overdue-list.ts';
import type { Cell } from '../reconcile/csv.ts';
import { BOM, csvLine, figure, serial, text } from '../reconcile/csv.ts';

type Late = LateRefund<OverdueRow>;
type Column = readonly [head: string, cell: (late: Late) => Cell];

const COLUMNS: readonly Column[] = [
  ['refund_no', ({ refund }) => serial(refund.refundNo)],
  ['merchant_id', ({ refund }) => text(refund.merchantId)],
  ['channel', ({ refund }) => text(refund.channel)],
  ['amount_minor', ({ refund }) => figure(refund.amountMinor)],
  ['amount_yuan', ({ refund }) => figure(formatYuan(refund.amountMinor))],
  ['days_late', ({ daysLate }) => figure(daysLate)],
  ['level', ({ levelName }) => text(levelName)],
  ['state', ({ refund }) => text(refund.state)],
  ['situation', ({ situation }) => text(situation)],
  ['promise_at', ({ refund }) => text(refund.promiseAt.toISOString())],
  ['asked_at', ({ asked }) => text(asked.at?.toISOString() ?? null)],
  ['asked_outcome', ({ asked }) => text(asked.outcome)],
  ['said', ({ asked }) => text(asked.said)],
  ['payment_no', ({ refund }) => serial(refund.paymentNo)],
  ['transaction_id', ({ refund }) => serial(refund.transactionId)],
  ['channel_refund_no', ({ refund }) => serial(refund.channelRefundNo)],
  ...PROOF_READERS.map(
    (reader): Column => [`quote_${reader}`, ({ serials }) => text(quotes(serials, reader))],
  ),
  ['next_action_zh', ({ nextAction }) => text(nextAction.zh)],
  ['next_action_en', ({ nextAction }) => text(nextAction.en)],
];

/** Every number that the reader looks up. */
function quotes(serials: readonly Serial[], reader: ProofReader): string {
  return serials
    .filter(({ readers }) => readers.includes(reader))
    .map(({ name, value, missing }) => `${name.zh} ${value ?? missing?.zh ?? ''}`)
    .join('; ');
}

export function overdueCsv(late: readonly Late[]): string {
  return [
    `${BOM}${csvLine(COLUMNS.map(([head]) => text(head)))}`,
    ...late.map((one) => csvLine(COLUMNS.map(([, cell]) => cell(one)))),
  ].join('');
}
