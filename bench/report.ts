/** What was measured, against its goal: a table for people, a document for programs. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { table } from '../cli/output.ts';

export interface Figure {
  /** The goal's number, where it has one. */
  readonly id: string | null;
  readonly name: string;
  readonly unit: string;
  /** The median of the rounds. */
  readonly value: number;
  readonly rounds: readonly number[];
  /** Null for figures that explain another. */
  readonly goal: { readonly at: 'least' | 'most'; readonly value: number } | null;
  /** What has to be said of it besides: by which plan, or why it could not be measured. */
  readonly note?: string;
  /** Its measurement ended with an error. */
  readonly failed?: boolean;
}

export interface Report {
  readonly machine: {
    readonly cpus: number;
    readonly model: string;
    readonly memoryGb: number;
    readonly node: string;
  };
  readonly size: {
    readonly lines: number;
    readonly billMb: number;
    readonly packedMb: number;
    readonly rounds: number;
  };
  readonly figures: readonly (Figure & { readonly met: boolean | null })[];
  readonly elapsedMs: number;
}

export function figure(
  id: string | null,
  name: string,
  unit: string,
  rounds: readonly number[],
  goal: Figure['goal'] = null,
): Figure {
  return { id, name, unit, value: median(rounds), rounds, goal };
}

/** One that cannot be measured here, and why. */
export function leftOut(id: string | null, name: string, unit: string, why: string): Figure {
  return { ...figure(id, name, unit, []), note: `not measured: ${why}` };
}

/** Lines of such a bill that PapaParse unpacks and reads in a second on the machine on which the goals by the clock were set. */
const PAPA_PARSE_THERE = 417_000;
const PACE = '  this machine, of the one on which goals by the clock were set (PapaParse)';

/** How fast this machine is, by what a parser of others reads in a second here. */
export function paceOf(papaParsePerSecond: readonly number[]): Figure {
  return figure(
    null,
    PACE,
    '×',
    papaParsePerSecond.map((lines) => lines / PAPA_PARSE_THERE),
  );
}

/**
 * Says of each goal by the clock that was missed what it would be at the pace of that machine. Missed it stays; ratios to a
 * yardstick of the same run need no such word.
 */
export function withPace(figures: readonly Figure[]): readonly Figure[] {
  const pace = figures.find(({ name }) => name === PACE)?.value;
  if (pace === undefined) return figures;
  return figures.map((one) => {
    const scaled = atPace(one, pace);
    if (scaled === null || isMet(one) !== false) return one;
    return {
      ...one,
      note: `a goal by the clock; at the pace of the machine on which it was set it would be ${shown(scaled)} ${one.unit}`,
    };
  });
}

/** Null for what is not counted by the clock. */
function atPace({ unit, value }: Figure, pace: number): number | null {
  if (unit === 'lines/s' || unit === '/s') return value / pace;
  return unit === 'ms' || unit === 's' ? value * pace : null;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? middle : (middle + (sorted[sorted.length / 2 - 1] ?? middle)) / 2;
}

export function isMet({ value, goal }: Figure): boolean | null {
  if (goal === null || Number.isNaN(value)) return null;
  return goal.at === 'least' ? value >= goal.value : value <= goal.value;
}

export function machine(): Report['machine'] {
  return {
    cpus: availableParallelism(),
    model: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
  };
}

export function reportText(report: Report): string {
  const { machine: host, size } = report;
  const rows = table(report.figures, [
    { head: '', cell: (one) => one.id ?? '' },
    { head: 'figure', cell: (one) => one.name },
    { head: 'median', align: 'right', cell: (one) => shown(one.value) },
    { head: 'unit', cell: (one) => one.unit },
    {
      head: 'goal',
      align: 'right',
      cell: ({ goal }) => (goal === null ? '' : `${goal.at === 'least' ? '≥' : '≤'} ${shown(goal.value)}`),
    },
    { head: '', cell: (one) => (one.met === null ? '' : one.met ? '✓' : '✗') },
    { head: 'rounds', cell: (one) => one.rounds.map(shown).join('  ') },
  ]);
  return [
    `${shown(size.lines)} lines, ${shown(size.billMb)} MB, ${shown(size.packedMb)} MB packed; ${String(size.rounds)} rounds`,
    `${String(host.cpus)} CPUs (${host.model}), ${String(host.memoryGb)} GB, Node ${host.node}`,
    '',
    rows,
    ...report.figures.flatMap(({ id, name, note }) =>
      note === undefined ? [] : ['', `${id ?? name.trim()}: ${note}`],
    ),
    '',
    `${String(Math.round(report.elapsedMs / 1000))} s in all. What each figure means: bench/README.md`,
  ].join('\n');
}

/** A line a figure, as they come. */
export function figuresText(figures: readonly Figure[]): string {
  return figures
    .map(({ id, name, value, unit }) => `  ${(id ?? '').padEnd(4)}${name}: ${shown(value)} ${unit}`)
    .join('\n');
}

/** Three figures that matter, with thousands apart. */
function shown(value: number): string {
  if (Number.isNaN(value)) return '–';
  const rounded = value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 }).format(rounded);
}
