/** `yuanlu breaks explain`: both sides of a break key by key, what to do about it and why, and what was done. */
import { AppError } from '../../domain/errors.ts';
import { formatYuan } from '../../domain/money.ts';
import { atStakeMinor } from '../../domain/statement/break-work.ts';
import type { KeyAgreements, Side } from '../../domain/statement/sides.ts';
import { KEYS } from '../../domain/statement/sides.ts';
import type { Suggestion } from '../../domain/statement/suggestion.ts';
import { beijingDateOf } from '../../domain/time/plain-date.ts';
import type { BreakEvent } from '../../store/break-events.ts';
import { historyOf } from '../../store/break-events.ts';
import type { BreakExplained } from '../../store/break-facts.ts';
import { explainBreak } from '../../store/break-facts.ts';
import type { Break } from '../../store/breaks.ts';
import { getBreak } from '../../store/breaks.ts';
import { beijingTime, counted, createOutput, table } from '../output.ts';
import { togetherText } from './matched-together.ts';
import { withBooks } from './books.ts';

interface Explained extends BreakExplained {
  readonly break: Break;
  readonly ageBusinessDays: number;
  readonly history: readonly BreakEvent[];
}

export async function explainBreakCommand(number: string, options: { json: boolean }): Promise<void> {
  const explained = await withBooks(async ({ pool, clock, calendar }): Promise<Explained> => {
    const one = await getBreak(pool, number);
    if (one === null) throw new AppError('break_unknown', { number });
    const now = clock.now();
    const until = beijingDateOf(one.closedAt ?? now);
    return {
      break: one,
      ageBusinessDays: calendar.businessDaysBetween(beijingDateOf(one.openedAt), until),
      ...(await explainBreak(pool, one, now)),
      history: await historyOf(pool, one.id),
    };
  });
  createOutput(options.json).result(explained, () => explainText(explained));
}

function explainText(told: Explained): string {
  const { break: one, ours, theirs, keys, candidates, suggestion, history, together } = told;
  return [
    `break ${one.id}: ${one.kind}, ${standing(one)}`,
    `age             ${counted(told.ageBusinessDays, 'business day')}, ${formatYuan(atStakeMinor(one))} at stake`,
    `our side        ${ours === null ? 'no refund of ours' : `${sideText(ours)}, ${ours.state}`}`,
    `channel's side  ${theirs === null ? 'no line' : `${sideText(theirs)}${placeText(one)}`}`,
    ...(keys === null ? [] : [`keys            ${keysText(keys)}`]),
    ...candidates.map(
      (each) =>
        `could be        ${each.refundNo} with break ${each.breakId}${each.taken ? ' (has a line)' : ''}: ${keysText(each.keys)}`,
    ),
    ...(one.status === 'open'
      ? [`suggestion      ${suggestionText(suggestion)}`, `                ${suggestion.why}`]
      : []),
    ...(together === null ? [] : [`together        ${togetherText(together)}`]),
    ...(history.length === 0 ? [] : ['', historyText(history)]),
  ].join('\n');
}

function standing(one: Break): string {
  if (one.closedAt !== null) return `closed ${beijingTime(one.closedAt)}: ${one.closedReason ?? ''}`;
  const has = one.assignedTo === null ? 'nobody has it' : `${one.assignedTo} has it`;
  return one.parkedUntil === null ? `open, ${has}` : `open, ${has}, put off until ${one.parkedUntil}`;
}

function sideText({ refundNo, channelRefundNo, transactionId, paymentNo, amountMinor, at }: Side): string {
  const said = [refundNo, channelRefundNo, transactionId, paymentNo];
  const numbers = said.map((number) => number ?? '-').join(' / ');
  return `${numbers}  ${formatYuan(amountMinor)}${at === null ? '' : `  ${beijingTime(at)}`}`;
}

function placeText({ line }: Break): string {
  return line === null ? '' : `, statement ${line.fileId} line ${String(line.lineNo)}`;
}

function keysText(keys: KeyAgreements): string {
  return KEYS.map((key) => `${key} ${keys[key]}`).join(', ');
}

function suggestionText(one: Suggestion): string {
  switch (one.act) {
    case 'force_match':
      return `yuanlu breaks force-match ${one.breakId} --refund ${one.refundNo} --code ${one.code} --reason '…'`;
    case 'write_off':
      return `yuanlu breaks write-off --code ${one.code} --proof '…' --reason '…'`;
    case 'resolve':
      return `yuanlu breaks resolve --code ${one.code} --note '…'`;
    case 'wait':
      return `wait until ${one.until}`;
    case 'ask_channel':
      return 'ask the channel';
    case 'look':
      return 'look into it';
  }
}

function historyText(history: readonly BreakEvent[]): string {
  return table(history, [
    { head: 'when', cell: ({ at }) => beijingTime(at) },
    { head: 'what', cell: ({ kind }) => kind },
    { head: 'who', cell: ({ by, kind }) => by ?? (kind === 'resolved_by_rule' ? 'a rule' : 'evidence') },
    { head: 'reason', cell: ({ reasonCode }) => reasonCode ?? '' },
    { head: 'in words', cell: ({ note, detail }) => note ?? Object.values(detail).map(String).join(' ') },
  ]);
}
