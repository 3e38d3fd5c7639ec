/** The facts of a receipt as rows of name and value, for pages and papers alike. */
import type { Receipt } from '../domain/receipt/receipt.ts';
import { filled } from '../domain/receipt/texts.ts';
import type { Words } from '../domain/receipt/words.ts';
import { LABELS } from './labels.ts';

type Say = (words: Words) => string;
export type Row = readonly [name: string, value: string];

export function moneyRows({ refund, payment, channel }: Receipt, say: Say): readonly Row[] {
  return [
    [say(LABELS.in_words), `人民币${refund.amount_in_words}`],
    [say(LABELS.channel), say(channel.title)],
    [say(LABELS.order_no), payment.payment_no],
    [say(LABELS.paid_amount), `¥${payment.amount}`],
    ...(payment.paid === null ? [] : [[say(LABELS.paid), say(payment.paid.words)] as const]),
    [say(LABELS.requested), say(refund.requested.words)],
    ...(refund.reason === null ? [] : [[say(LABELS.reason), refund.reason] as const]),
  ];
}

export function merchantRows({ merchant }: Receipt, say: Say): readonly Row[] {
  const rows: readonly (readonly [Words, string | null])[] = [
    [LABELS.merchant, merchant.legal_name ?? merchant.name],
    [LABELS.credit_code, merchant.credit_code],
    [LABELS.phone, merchant.phone],
    [LABELS.address, merchant.address],
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [[say(name), value] as const]));
}

/** By which calendar and windows the day was counted, so that anybody can count it again. */
export function planRows({ promise }: Receipt, say: Say): readonly Row[] {
  if (promise === null) return [];
  const sources = [promise.calendar_revision, promise.window_version].filter((one) => one !== null);
  return sources.length === 0 ? [] : [[say(LABELS.calendar), sources.join(' · ')]];
}

/** Whether there is a place to name: money that came back, or that never went, lands nowhere. */
export function landsSomewhere({ phase }: Receipt['state']): boolean {
  return phase !== 'returned' && phase !== 'not_made';
}

/** What stands where the channel gave no number: of a refund that was not made, none is to come. */
export function withoutNumber({ phase }: Receipt['state']): Words {
  return phase === 'not_made' ? LABELS.none_given : LABELS.not_given;
}

/** Where it stands in the channel's statements. */
export function linesOf({ statement_lines: lines }: Receipt, say: Say): readonly Row[] {
  return lines.map((line) => [
    say(LABELS.statement),
    `${say(filled(LABELS.statement_line, { date: line.bill_date, line: String(line.line_no) }))}, ${say(LABELS.file_hash)} ${line.file_sha256}`,
  ]);
}
