/** P19, P20: the overdue sweep over many open refunds. */
import { copyOf, dropCopy } from './books.ts';
import type { Bench } from './parts.ts';
import type { Figure } from './report.ts';
import { figure } from './report.ts';
import { rounds } from './rounds.ts';
import { DUE_EVERY, fillOpen } from './sweeping.ts';
import type { Done } from './task.ts';
import { inProcess } from './task.ts';

interface Round {
  readonly ours: Done;
  readonly scan: Done;
  readonly tenth: Done;
}

/** The sweep over many open refunds, how it grows, and what the plain way takes. */
export async function sweep(bench: Bench): Promise<readonly Figure[]> {
  const { sweepRefunds: refunds, adminUrl } = bench;
  const small = Math.round(refunds / 10);
  await fillOpen(adminUrl, 'bench_sweep', refunds);
  await fillOpen(adminUrl, 'bench_sweep_tenth', small);
  const run = async (how: 'ours' | 'scan', template: string, count: number): Promise<Done> => {
    const url = await copyOf(adminUrl, template, 'bench_sweep_round');
    const done = await inProcess({ kind: 'sweep', how, url });
    await dropCopy(adminUrl, 'bench_sweep_round');
    if (done.result['raised'] !== Math.floor(count / DUE_EVERY))
      throw new Error('not every due refund was flagged once');
    return done;
  };
  const measured = await rounds(bench, async () => ({
    ours: await run('ours', 'bench_sweep', refunds),
    scan: await run('scan', 'bench_sweep', refunds),
    tenth: await run('ours', 'bench_sweep_tenth', small),
  }));
  await dropCopy(adminUrl, 'bench_sweep');
  await dropCopy(adminUrl, 'bench_sweep_tenth');
  return figures(measured, refunds);
}

function figures(measured: readonly Round[], refunds: number): readonly Figure[] {
  const of = (name: string, which: keyof Round = 'ours'): number[] =>
    measured.map((one) => Number(one[which].result[name]));
  const ratio = (one: readonly number[], other: readonly number[]): number[] =>
    one.map((ms, index) => ms / (other[index] ?? Number.NaN));
  const sweepMs = of('sweepMs');
  return [
    figure(
      'P19',
      `overdue sweep over ${String(refunds)} open refunds, one in ${String(DUE_EVERY)} due`,
      's',
      sweepMs.map((ms) => ms / 1000),
      {
        at: 'most',
        value: (10 * Math.max(refunds, 1_000_000)) / 1_000_000,
      },
    ),
    figure(null, '  finding what to ask about, 50 pages', 'ms', of('findMs')),
    figure(null, '  raising the flags', 'ms', of('flagMs')),
    figure(null, '  the sweep after it, with nothing due', 'ms', of('againMs')),
    figure(null, '  the flags of an hour with four in a hundred due', 'ms', of('laterMs')),
    figure(null, '  of these', 'flags/s', of('laterPerSecond')),
    figure('P20', '  of the time for a tenth of the refunds', '×', ratio(sweepMs, of('sweepMs', 'tenth')), {
      at: 'most',
      value: 12,
    }),
    figure(
      null,
      '  of the time for one plain scan that writes the same',
      '×',
      ratio(sweepMs, of('sweepMs', 'scan')),
    ),
    figure(null, '  the plain scan', 'ms', of('sweepMs', 'scan')),
  ];
}
