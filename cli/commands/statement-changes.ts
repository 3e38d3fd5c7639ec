/** What a new delivery of a day changed, for `yuanlu statements show` and `yuanlu statements changes`. */
import { AppError } from '../../domain/errors.ts';
import { formatYuan } from '../../domain/money.ts';
import type { FieldChange, LineChange, LineContent, StatementDiff } from '../../store/statements-diff.ts';
import { diffOf, fieldChanges, listLineChanges, numbersOf } from '../../store/statements-diff.ts';
import { getStatementFile } from '../../store/statements-files.ts';
import { beijingTime, createOutput, grouped } from '../output.ts';
import { withBooks } from './books.ts';
import { rowLimit } from './row-limit.ts';

/** Pages of changes: a program that wants all of them asks on from the last number that it got. */
export async function statementChangesCommand(
  number: string,
  options: { readonly after: string; readonly limit: string; readonly json: boolean },
): Promise<void> {
  const after = changeNo(options.after);
  const limit = rowLimit(options.limit);
  const shown = await withBooks(async ({ pool }) => {
    const file = await getStatementFile(pool, number);
    if (file === null) throw new AppError('statement_unknown', { number });
    const found = await listLineChanges(pool, file, { after, limit: limit + 1 });
    const changes = found.slice(0, limit);
    const next = found.length > limit ? (changes.at(-1)?.no ?? null) : null;
    return { supersedes: file.supersedes, counts: diffOf(file), changes, next };
  });
  createOutput(options.json).result({ ...shown, changes: shown.changes.map(changeDocument) }, () =>
    [...changeLines(shown.changes), ...nextText(number, shown)].join('\n'),
  );
}

function nextText(
  number: string,
  shown: { readonly changes: readonly LineChange[]; readonly next: number | null },
): readonly string[] {
  if (shown.next !== null)
    return [`… and more: yuanlu statements changes ${number} --after ${String(shown.next)}`];
  return shown.changes.length === 0 ? ['No changes.'] : [];
}

/** @throws AppError `request_invalid` */
function changeNo(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new AppError('request_invalid', { after: text, known: 'the number of a change' });
}

/** A change as JSON has it. */
export function changeDocument(change: LineChange): object {
  return { ...change, sameBy: Object.fromEntries(numbersOf(change)), differs: fieldChanges(change) };
}

/** What is said of them in `statements show`: the counts, the first of them, and where the others are. */
export function changesText(
  file: { readonly id: string; readonly supersedes: string | null },
  counts: StatementDiff | null,
  first: readonly LineChange[],
): readonly string[] {
  if (counts === null) return [];
  const all = counts.added + counts.gone + counts.changed;
  const summary = `changes          ${grouped(counts.added)} lines added, ${grouped(counts.gone)} gone, ${grouped(counts.changed)} changed, against statement ${file.supersedes ?? ''}`;
  const more =
    all > first.length
      ? [`… and ${grouped(all - first.length)} more: yuanlu statements changes ${file.id}`]
      : [];
  return [summary, ...changeLines(first), ...more];
}

function changeLines(changes: readonly LineChange[]): readonly string[] {
  return changes.map((change) => {
    const { before, after } = change;
    if (before === null) return `${'added'.padEnd(16)} ${lineText(change, after)}`;
    if (after === null) return `${'gone'.padEnd(16)} ${lineText(change, before)}`;
    return `${'changed'.padEnd(16)} line ${String(before.lineNo)} → ${String(after.lineNo)}, ${nameOf(change)}: ${fieldChanges(change).map(fieldText).join(', ')}`;
  });
}

function lineText(change: LineChange, line: LineContent | null): string {
  if (line === null) return '';
  const amount = `${formatYuan(line.amountMinor, line.currency)} ${line.currency}`;
  const status = line.status === null ? [] : [line.status];
  return [
    `line ${String(line.lineNo)}`,
    nameOf(change),
    line.lineType,
    amount,
    beijingTime(line.occurredAt),
    ...status,
  ].join(', ');
}

/** The number that people know it by. */
function nameOf(change: LineChange): string {
  const [first] = numbersOf(change);
  return first === undefined ? 'without a number' : first.join(' ');
}

function fieldText({ field, before, after }: FieldChange): string {
  const name = field.replace(/_(minor|e5|at)$/, '');
  const value = (text: string | null): string => {
    if (text === null) return '–';
    if (field === 'amount_minor' || field === 'payer_minor') return formatYuan(BigInt(text));
    return field === 'occurred_at' ? beijingTime(new Date(text)) : text;
  };
  return `${name} ${value(before)} → ${value(after)}`;
}
