/** The overdue refunds at the end of the demo: a table for each channel, whose columns are its numbers, and for whom these are. */
import type { OverdueResource } from '../../api/overdue-resource.ts';
import { formatYuan } from '../../domain/money.ts';
import { minuteOf } from '../../domain/overdue/late-refund.ts';
import { lateText } from '../commands/overdue.ts';
import type { Column } from '../output.ts';
import { counted, table } from '../output.ts';

/** Refunds of a channel that are shown; the rest is counted. */
const SHOWN_MAX = 10;

type Serial = OverdueResource['proof'][number];

export function overdueText(overdue: readonly OverdueResource[]): string {
  if (overdue.length === 0) return 'Nothing is overdue.';
  const channels = [...new Set(overdue.map(({ channel }) => channel))];
  return [
    'Overdue, with the numbers to quote and whom they are for',
    ...channels.map((channel) =>
      channelText(
        channel,
        overdue.filter((one) => one.channel === channel),
      ),
    ),
  ].join('\n\n');
}

function channelText(channel: string, rows: readonly OverdueResource[]): string {
  const shown = rows.slice(0, SHOWN_MAX);
  const numbers = numbersOf(shown);
  const rest = rows.length - shown.length;
  return [
    `${channel}: ${counted(rows.length, 'refund')} late`,
    ...numbers.map(({ serial: { name, for: readers }, isOwn }) => {
      const column = isOwn ? 'refund' : name.zh;
      return `  ${column} (${isOwn ? `${name.zh}, ` : ''}${name.en}): ${readers.map(({ en }) => en).join('; ')}`;
    }),
    ...bankNote(shown),
    table(shown, [...COLUMNS, ...numbers.filter(({ isOwn }) => !isOwn).map(columnOf)]),
    ...(rest === 0 ? [] : [`and ${String(rest)} more`]),
  ].join('\n');
}

const COLUMNS: readonly Column<OverdueResource>[] = [
  { head: 'refund', cell: (row) => row.refund_no },
  { head: 'amount', align: 'right', cell: (row) => formatYuan(BigInt(row.amount_minor)) },
  { head: 'days late', align: 'right', cell: (row) => String(row.days_late) },
  { head: 'level', cell: (row) => row.level_name },
  { head: 'state', cell: lateText },
  {
    head: 'asked',
    cell: ({ asked }) => (asked.at === null ? '' : minuteOf(new Date(asked.at)).slice('yyyy-'.length)),
  },
];

interface NumberOfChannel {
  readonly serial: Serial;
  /** The merchant's number of the refund, which has its column already. */
  readonly isOwn: boolean;
}

/** Every number that one of the refunds goes by, once. */
function numbersOf(rows: readonly OverdueResource[]): readonly NumberOfChannel[] {
  const byName = new Map<string, NumberOfChannel>();
  for (const { proof, refund_no: refundNo } of rows) {
    for (const serial of proof) byName.set(serial.name.zh, { serial, isOwn: serial.value === refundNo });
  }
  return [...byName.values()];
}

function columnOf({ serial: { name } }: NumberOfChannel): Column<OverdueResource> {
  return {
    head: name.zh,
    cell: ({ proof }) => {
      const found = proof.find((one) => one.name.zh === name.zh);
      return found === undefined ? '' : (found.value ?? 'not given yet');
    },
  };
}

/** Where no number is for the bank, what the payer tells it instead. */
function bankNote(rows: readonly OverdueResource[]): readonly string[] {
  const forBank = rows.some(({ proof }) => proof.some(({ readers }) => readers.includes('payer_bank')));
  const [first] = rows;
  return forBank || first === undefined ? [] : [`  ${first.bank_note.en}`];
}
