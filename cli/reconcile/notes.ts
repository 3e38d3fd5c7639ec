/** What a person should know about the input, though the run went on: said on stderr, whatever the result looks like. */
import { CHANNEL_NAMES } from '../../domain/refund/refund.ts';
import { counted, grouped } from '../output.ts';
import type { Findings } from './document.ts';
import { MORE_CHANNELS } from './refund-list.ts';
import type { LoadedStatement } from './statements.ts';

/** Rows set aside that are kept with their text. */
const QUARANTINED_KEPT_MAX = 1_000;

export function notesOn({ list, statements, channel, judgement }: Findings): string[] {
  return [
    ...otherChannels(list.otherChannels, channel.name),
    ...(list.refunds === 0
      ? [`The list has no refund of ${channel.name}: every refund line of the statements is missing in it.`]
      : []),
    ...(list.ignoredColumns.length === 0
      ? []
      : [`Columns of the list that are not used: ${list.ignoredColumns.join(', ')}.`]),
    ...statements.flatMap(({ file, givenAgain }) =>
      givenAgain.map((again) => `${again} has the same content as ${file}: it was counted once.`),
    ),
    ...nothingToMatch(statements),
    ...sameDay(statements),
    ...severalMerchants(statements),
    ...quarantined(statements),
    ...statements.flatMap(({ file, summary }) =>
      (summary.remarks ?? []).map((remark) => `Unlike the description in ${file}: ${remark}.`),
    ),
    ...corrections(judgement.corrections),
  ];
}

function corrections(count: number): string[] {
  return count === 0
    ? []
    : [
        `The statements hold ${counted(count, 'correction')} of earlier lines (chargebacks, refunds that a bank sent back): they match nothing; those that name a listed refund are breaks, look at the others in the file.`,
      ];
}

function otherChannels(others: Readonly<Record<string, number>>, channel: string): string[] {
  const counts = Object.entries(others).toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (counts.length === 0) return [];
  const rows = counts.reduce((total, [, count]) => total + count, 0);
  const names = counts.map(([name, count]) => `${name} ${grouped(count)}`).join(', ');
  const left = `Left out of the list: ${counted(rows, 'row')} of other channels than ${channel} (${names}).`;
  const unheardOf = counts.map(([name]) => name).filter((name) => !KNOWN.has(name) && name !== MORE_CHANNELS);
  return unheardOf.length === 0 ? [left] : [left, misspelt(unheardOf, channel)];
}

/** All of them were said with their counts. */
const SAID_MAX = 3;
const KNOWN: ReadonlySet<string> = new Set(CHANNEL_NAMES);

/** Lists may have channels of their own besides; but a name with a slip of the pen loses refunds of this run. */
function misspelt(names: readonly string[], channel: string): string {
  const are = names.length === 1 ? 'is no channel' : 'are no channels';
  const known = CHANNEL_NAMES.join(', ');
  const some = names.length > SAID_MAX ? [...names.slice(0, SAID_MAX), '…'] : names;
  return `${some.join(', ')} ${are} that Yuanlu knows (${known}): rows that mean ${channel} have to say ${channel}.`;
}

function nothingToMatch(statements: readonly LoadedStatement[]): string[] {
  return statements.some(({ summary }) => summary.kind === 'trade')
    ? []
    : ['No trade statement was given: fund-flow statements are checked and counted, and match nothing.'];
}

/** Two deliveries of a day, or the ALL and the REFUND bill of it, hold the same refunds. */
function sameDay(statements: readonly LoadedStatement[]): string[] {
  const trade = statements.filter(({ summary }) => summary.kind === 'trade' && summary.refundLines > 0);
  return trade.flatMap((one, index) =>
    trade
      .slice(0, index)
      .flatMap((before) =>
        dayKey(before) === dayKey(one)
          ? [
              `${before.file} and ${one.file} are both trade statements of ${one.summary.merchantNos.join(' ')} for ${one.summary.firstDate ?? ''}: a refund that is in both counts as a duplicate line.`,
            ]
          : [],
      ),
  );
}

function dayKey({ summary }: LoadedStatement): string {
  return [summary.merchantNos.toSorted().join(' '), summary.firstDate, summary.lastDate].join('/');
}

function severalMerchants(statements: readonly LoadedStatement[]): string[] {
  const merchants = [...new Set(statements.flatMap(({ summary }) => summary.merchantNos))].toSorted();
  if (merchants.length < 2) return [];
  return [
    `The statements are of ${String(merchants.length)} merchants (${merchants.slice(0, 5).join(', ')}): the list was held against all of them together.`,
  ];
}

function quarantined(statements: readonly LoadedStatement[]): string[] {
  return statements.flatMap(({ file, summary }) => {
    const { quarantinedCount: count, quarantined: kept } = summary;
    if (count === 0) return [];
    const [first] = kept;
    const shown =
      count > QUARANTINED_KEPT_MAX ? ` Their text is kept for the first ${grouped(kept.length)} only.` : '';
    const where =
      first === undefined
        ? ''
        : `: first line ${String(first.lineNo)}, ${first.reason} (${first.code ?? 'without a code'})`;
    return [`Set aside in ${file}: ${counted(count, 'row')} that cannot be read${where}.${shown}`];
  });
}
