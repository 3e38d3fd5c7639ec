/** P2, P6, P9, P11: the bill into the books. */
import { isDeepStrictEqual } from 'node:util';
import type { Expected } from './bill.ts';
import { dropCopy, freshCopy } from './books.ts';
import type { WholeWay } from './matching.ts';
import type { Bench } from './parts.ts';
import type { Figure } from './report.ts';
import { figure } from './report.ts';
import { rounds } from './rounds.ts';
import type { Done } from './task.ts';
import { inProcess } from './task.ts';

export async function statement(bench: Bench): Promise<readonly Figure[]> {
  const { lines } = bench.expected;
  const measured = await rounds(bench, (round) => statementRound(bench, round));
  const perSecond = (ms: (one: Measured) => number): number[] =>
    measured.map((one) => lines / (ms(one) / 1000));
  const memory = measured.map((one) => one.first.peakRssMb);
  const setsPerSecond = perSecond((one) => one.way.matchMs);
  return [
    figure(
      'P2',
      'bill to breaks: .gz, import, match, breaks',
      'lines/s',
      perSecond((one) => one.first.ms),
      { at: 'least', value: 200_000 },
    ),
    figure(
      null,
      '  import alone',
      'lines/s',
      perSecond((one) => one.way.importMs),
    ),
    figure(
      null,
      '  match and breaks',
      'ms',
      measured.map((one) => one.way.matchMs),
    ),
    figure(
      null,
      '  sweep for what is missing',
      'ms',
      measured.map((one) => one.way.sweepMs),
    ),
    figure(
      null,
      '  all of it, of the time of a bare script',
      '×',
      measured.map((one) => one.first.ms / one.bare.ms),
    ),
    figure(
      null,
      '  a bare script, which checks and keeps nothing',
      'lines/s',
      perSecond((one) => one.bare.ms),
    ),
    figure('P6', 'peak memory of the process', 'MB', memory, { at: 'most', value: 300 }),
    figure(
      'P9',
      'match in sets, over row by row in one transaction',
      '×',
      measured.map((one, index) => (setsPerSecond[index] ?? 0) / one.rowsPerSecond),
      { at: 'least', value: 10 },
    ),
    figure(
      null,
      '  row by row',
      'lines/s',
      measured.map((one) => one.rowsPerSecond),
    ),
    figure(
      'P11',
      'the same file again, of the first time',
      '%',
      measured.map((one) => (one.again.ms / one.first.ms) * 100),
      { at: 'most', value: 5 },
    ),
  ];
}

interface Measured {
  readonly first: Done;
  readonly way: WholeWay;
  readonly bare: Done;
  readonly again: Done;
  readonly rowsPerSecond: number;
}

async function statementRound(bench: Bench, round: number): Promise<Measured> {
  const name = `bench_round_${String(round)}`;
  const url = await freshCopy(bench.adminUrl, name);
  const { bill, small: warmUp } = bench;
  const first = await inProcess({ kind: 'whole_way', url, bill, warmUp });
  const way = first.result as unknown as WholeWay;
  assertFound(way, bench.expected);
  const again = await inProcess({ kind: 'same_again', url, bill, warmUp });
  if (again.result['outcome'] !== 'same') throw new Error('the same file was loaded twice');
  const rows = await inProcess({ kind: 'match_rows', url, sample: bench.sample });
  await dropCopy(bench.adminUrl, name);
  const bare = await inProcess({ kind: 'bare', url: await freshCopy(bench.adminUrl, name), bill, warmUp });
  await dropCopy(bench.adminUrl, name);
  assertFound(bare.result as unknown as WholeWay, bench.expected);
  return { first, way, bare, again, rowsPerSecond: Number(rows.result['perSecond']) };
}

/** A fast wrong answer is worth nothing: what was found must be what was made up. */
export function assertFound({ lines, found }: Pick<WholeWay, 'lines' | 'found'>, expected: Expected): void {
  const breaks = Object.fromEntries(Object.entries(found.breaks).filter(([, count]) => count > 0));
  const seen = { lines, matched: found.matched, byChannelNumber: found.byChannelNumber, breaks };
  if (!isDeepStrictEqual(seen, { ...expected })) {
    throw new Error(`found ${JSON.stringify(seen)}, made up ${JSON.stringify(expected)}`);
  }
}
