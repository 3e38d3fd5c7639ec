/** `yuanlu overdue …`: what is late, what the channel was asked and said, which serials to quote to whom, and words to send. */
import type { OverdueResource } from '../../api/overdue-resource.ts';
import { lateRow, toOverdueResource, toOverdueWithMessages } from '../../api/overdue-resource.ts';
import type { Clock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import { formatYuan } from '../../domain/money.ts';
import type { LateRefund, Serial } from '../../domain/overdue/late-refund.ts';
import { endText, minuteOf } from '../../domain/overdue/late-refund.ts';
import type { LegalStart } from '../../domain/overdue/legal-clocks.ts';
import { legalNote } from '../../domain/overdue/legal-clocks.ts';
import type { OverdueLevelName } from '../../domain/overdue/levels.ts';
import { OVERDUE_LEVELS } from '../../domain/overdue/levels.ts';
import { overdueMessages } from '../../domain/overdue/messages.ts';
import { sweepIsLate } from '../../domain/overdue/sweep-watch.ts';
import type { ProofReader } from '../../domain/refund/proof.ts';
import type { ChannelName } from '../../domain/refund/refund.ts';
import type { BusinessCalendar } from '../../domain/time/china-calendar.ts';
import type { OverdueRow } from '../../store/overdue-list.ts';
import { findOverdue, listOverdue } from '../../store/overdue-list.ts';
import { sweptState } from '../../store/sweeps.ts';
import type { ChannelRegistry } from '../../workers/channels.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import { withBooks } from './books.ts';
import { overdueCsv } from './overdue-csv.ts';
import { rowLimit } from './row-limit.ts';

export interface OverdueListFlags {
  readonly level?: OverdueLevelName;
  readonly channel?: ChannelName;
  readonly limit: string;
  readonly csv: boolean;
  readonly json: boolean;
}

export type Late = LateRefund<OverdueRow>;

/** @throws AppError `request_invalid` for a limit that is none. */
export async function listOverdueCommand(flags: OverdueListFlags): Promise<void> {
  const { channel } = flags;
  const level = OVERDUE_LEVELS.find(({ name }) => name === flags.level)?.level;
  const limit = rowLimit(flags.limit);
  const { late, more, warning } = await withBooks(async ({ pool, clock, channels, calendar }) => {
    const { rows, next } = await listOverdue(pool, {
      merchantId: null,
      limit,
      ...(level === undefined ? {} : { level }),
      ...(channel === undefined ? {} : { channel }),
    });
    const warning = sweepWarning((await sweptState(pool)).unsweptSince, clock);
    return { late: judged(rows, channels, { now: clock.now(), calendar }), more: next !== null, warning };
  });
  const output = createOutput(flags.json);
  if (warning !== null) output.say(warning);
  if (more) output.say(`There are more than ${String(limit)}: show more of them with --limit.`);
  if (flags.csv) process.stdout.write(overdueCsv(late));
  else output.result({ overdue: late.map(toOverdueResource) }, () => listText(late));
}

/** @throws AppError `refund_not_overdue` also for a number that nobody knows. */
export async function showOverdueCommand(refundNo: string, options: { json: boolean }): Promise<void> {
  const late = await withBooks(async ({ pool, clock, channels, calendar }) =>
    judged(await findOverdue(pool, null, refundNo), channels, { now: clock.now(), calendar }),
  );
  if (late.length === 0) throw new AppError('refund_not_overdue', { refund_no: refundNo });
  // A number is one refund of a merchant; two merchants may have the same.
  createOutput(options.json).result({ overdue: late.map(toOverdueWithMessages) }, () =>
    late.map(showText).join('\n\n'),
  );
}

/** What to say to whoever reads flags while nobody raises any; null while sweeps end as they should. */
function sweepWarning(unsweptSince: Date | null, clock: Clock): string | null {
  if (unsweptSince === null || !sweepIsLate(unsweptSince, clock)) return null;
  const since = `${beijingTime(unsweptSince)} (Beijing)`;
  return `no sweep since ${since}: flags may be missing; is a scheduler running? (yuanlu doctor)`;
}

/** The rows with all that is said about them. */
export function judged(
  rows: readonly OverdueRow[],
  channels: Pick<ChannelRegistry, 'find'>,
  seen: { readonly now: Date; readonly calendar: BusinessCalendar },
): readonly Late[] {
  return rows.map((row) => lateRow(row, channels.find(row.accountId), seen));
}

/** The state, and the bank where the channel has done its part. */
export function lateText(refund: Pick<OverdueResource, 'state' | 'bank_leg'>): string {
  return refund.bank_leg === 'pending' ? `${refund.state}, at the bank` : refund.state;
}

function listText(late: readonly Late[]): string {
  if (late.length === 0) return '没有逾期退款 · No overdue refunds.';
  const rows = table(late, [
    { head: 'refund', cell: ({ refund }) => refund.refundNo },
    { head: 'amount', align: 'right', cell: ({ refund }) => formatYuan(refund.amountMinor) },
    { head: 'promised by', cell: ({ refund }) => endText(refund.promiseAt) },
    { head: 'days late', align: 'right', cell: ({ daysLate }) => String(daysLate) },
    { head: 'level', cell: ({ levelName }) => levelName ?? '' },
    { head: 'state', cell: ({ refund }) => lateText({ state: refund.state, bank_leg: refund.bankLeg }) },
    { head: 'asked', cell: askedText },
    { head: 'payer quotes', cell: ({ serials }) => quotedBy(serials, 'payer_channel') },
    { head: 'to the bank', cell: ({ serials }) => quotedBy(serials, 'payer_bank') },
  ]);
  return `${rows}\n\nOne of them with what to do and words to send: yuanlu overdue show <refund>`;
}

/** What was asked of the channel, when, and what it said. */
function askedText({ asked }: Pick<Late, 'asked'>): string {
  const at = asked.at === null ? '' : minuteOf(asked.at);
  switch (asked.outcome) {
    case 'answered':
      return `${at}: ${asked.said ?? ''}`;
    case 'no_answer':
      return `${at}: no answer`;
    case 'not_asked':
      return 'not asked';
    case 'nothing_to_ask':
      return 'never sent';
  }
}

/** The first number that the reader understands. */
function quotedBy(
  serials: readonly Pick<Serial, 'name' | 'value' | 'readers'>[],
  reader: ProofReader,
): string {
  const first = serials.find(({ readers }) => readers.includes(reader));
  return first === undefined ? 'none' : `${first.name.zh} ${first.value ?? 'none yet'}`;
}

function showText(late: Late): string {
  const { refund, serials, desk, nextAction } = late;
  const { toPayer, toChannel } = overdueMessages(late);
  return [
    `refund ${refund.refundNo}: ${String(late.daysLate)} business days late, ${late.levelName ?? ''}`,
    ...facts([
      ['amount', `${formatYuan(refund.amountMinor)} ${refund.currency}`],
      [
        'merchant',
        `${refund.merchantId}, at ${desk.name.en} ${refund.externalId} (account ${refund.accountId})`,
      ],
      [
        'state',
        `${lateText({ state: refund.state, bank_leg: refund.bankLeg })}${refund.stateReason === null ? '' : `: ${refund.stateReason}`}`,
      ],
      ['promised by', endText(refund.promiseAt)],
      [
        'alarm, escalation',
        [refund.alarmAt, refund.escalateAt].map((at) => (at === null ? '-' : endText(at))).join(', '),
      ],
      [
        'asked',
        `${askedText(late)}${late.asked.outcome === 'no_answer' ? ` (${late.asked.said ?? ''})` : ''}`,
      ],
      ...late.legalClocks.map(
        ({ days, start, countsFrom, endsAt, passed, law }): Fact => [
          `${String(days)} days`,
          `${passed ? 'passed on' : 'until'} ${endText(endsAt)}, from ${startText(start)} ${minuteOf(countsFrom)}  ${law.zh}`,
        ],
      ),
      ['', legalNote(refund).en],
    ]),
    '',
    '号码 · Numbers to quote',
    ...facts(
      serials.map(
        (one): Fact => [
          `${one.name.zh} · ${one.name.en}`,
          `${one.value ?? one.missing?.en ?? ''}  (${one.isFor.map(({ zh, en }) => `${zh} · ${en}`).join('; ')})`,
        ],
      ),
    ),
    `  ${desk.atTheBank.zh}`,
    `  ${desk.atTheBank.en}`,
    '',
    '下一步 · Next',
    `  ${nextAction.zh}`,
    `  ${nextAction.en}`,
    ...message('给付款人 · To the payer (zh-CN)', toPayer.zh),
    ...message('To the payer (en)', toPayer.en),
    ...(toChannel === null
      ? []
      : [
          ...message(`给${desk.merchantService.zh} · To ${desk.merchantService.en} (zh-CN)`, toChannel.zh),
          ...message(`To ${desk.merchantService.en} (en)`, toChannel.en),
        ]),
  ].join('\n');
}

function startText(start: LegalStart): string {
  return start === 'goods_received' ? 'goods received' : 'the request';
}

type Fact = readonly [name: string, value: string];

function facts(all: readonly Fact[]): readonly string[] {
  return all.map(([name, value]) => printable(`  ${name === '' ? '' : `${name}: `}${value}`));
}

/** Each line as it is, so that it can be copied. */
function message(title: string, text: string): readonly string[] {
  return ['', title, ...text.split('\n').map(printable)];
}

/** A channel's words may hold anything: nothing in them moves the cursor. */
function printable(line: string): string {
  return line.replace(/[\u0000-\u001f\u007f-\u009f]/g, '·');
}
