/** `yuanlu breaks …`: differences that are left over, with both their sides. */
import { AppError } from '../../domain/errors.ts';
import { formatYuan } from '../../domain/money.ts';
import { beijingDateOf } from '../../domain/time/plain-date.ts';
import { BREAK_KINDS } from '../../domain/statement/break.ts';
import type { BreakKind } from '../../domain/statement/break.ts';
import type { Break } from '../../store/breaks.ts';
import { getBreak, listBreaks } from '../../store/breaks.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import { withBooks } from './books.ts';
import { rowLimit } from './row-limit.ts';

export interface BreakListFlags {
  readonly kind?: string;
  readonly account?: string;
  readonly assignedTo?: string;
  readonly due: boolean;
  readonly all: boolean;
  readonly limit: string;
  readonly json: boolean;
}

export async function listBreaksCommand(options: BreakListFlags): Promise<void> {
  const { account, assignedTo } = options;
  const filter = {
    limit: rowLimit(options.limit),
    ...(options.kind === undefined ? {} : { kind: breakKind(options.kind) }),
    ...(account === undefined ? {} : { accountId: account }),
    ...(assignedTo === undefined ? {} : { assignedTo }),
    ...(options.all ? {} : { status: 'open' as const }),
  };
  const breaks = await withBooks(async ({ pool, clock, calendar }) => {
    const today = beijingDateOf(clock.now());
    const due = options.due ? { parked: { is: false, today } } : {};
    const { breaks: found } = await listBreaks(pool, { ...filter, ...due });
    return found.map((one) => {
      const until = one.closedAt === null ? today : beijingDateOf(one.closedAt);
      return {
        ...one,
        ageBusinessDays: calendar.businessDaysBetween(beijingDateOf(one.openedAt), until),
      };
    });
  });
  const isAll = [options.kind, account, assignedTo].every((one) => one === undefined) && !options.due;
  createOutput(options.json).result({ breaks }, () =>
    breaks.length > 0 ? listText(breaks) : isAll ? NOTHING : 'None of these.',
  );
}

/** Said only where it was asked for all that is open. */
const NOTHING = '全部核平 · Nothing is left over.';

export async function showBreakCommand(number: string, options: { json: boolean }): Promise<void> {
  const one = await withBooks((context) => getBreak(context.pool, number));
  if (one === null) throw new AppError('break_unknown', { number });
  createOutput(options.json).result(one, () => showText(one));
}

/** @throws AppError `request_invalid` naming the kinds there are. */
function breakKind(text: string): BreakKind {
  const kind = BREAK_KINDS.find((one) => one === text);
  if (kind === undefined)
    throw new AppError('request_invalid', { kind: text, known: BREAK_KINDS.join(', ') });
  return kind;
}

function yuan(minor: bigint | null): string {
  return minor === null ? '' : formatYuan(minor);
}

function listText(breaks: readonly (Break & { readonly ageBusinessDays: number })[]): string {
  return table(breaks, [
    { head: 'no', align: 'right', cell: (one) => one.id },
    { head: 'kind', cell: (one) => one.kind },
    { head: 'bill date', cell: (one) => one.line?.billDate ?? '' },
    { head: 'refund', cell: (one) => one.refundNo ?? '' },
    { head: 'ours', align: 'right', cell: (one) => yuan(one.expectedMinor) },
    { head: "channel's", align: 'right', cell: (one) => yuan(one.amountMinor) },
    {
      head: 'line',
      cell: (one) => (one.line === null ? '' : `${one.line.fileId}:${String(one.line.lineNo)}`),
    },
    { head: 'opened', cell: (one) => beijingTime(one.openedAt) },
    { head: 'days', align: 'right', cell: (one) => String(one.ageBusinessDays) },
    { head: 'with', cell: (one) => one.assignedTo ?? '' },
    { head: 'status', cell: standing },
  ]);
}

function standing({ status, parkedUntil, closedReason }: Break): string {
  if (status === 'closed') return closedReason ?? status;
  return parkedUntil === null ? status : `until ${parkedUntil}`;
}

function showText(one: Break): string {
  return [
    `break ${one.id}: ${one.kind}, ${one.status}`,
    `our side:       ${one.refundNo ?? 'no refund of ours'}  ${yuan(one.expectedMinor)}`,
    `channel's side: ${one.line === null ? 'no line' : `statement ${one.line.fileId}, line ${String(one.line.lineNo)}`}  ${yuan(one.amountMinor)}`,
    `details:        ${JSON.stringify(one.detail)}`,
    `opened:         ${beijingTime(one.openedAt)}`,
    ...(one.closedAt === null
      ? []
      : [`closed:         ${beijingTime(one.closedAt)} by ${one.closedReason ?? ''}`]),
  ].join('\n');
}
