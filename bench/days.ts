/** The part about the other channels' files: what their encoding and their form cost. */
import { join } from 'node:path';
import { dropCopy, freshCopy } from './books.ts';
import { writeAlipayDay, writeUnionpayDay } from './day-files.ts';
import type { DayFileName } from './day-reading.ts';
import type { Bench } from './parts.ts';
import type { Figure } from './report.ts';
import { figure } from './report.ts';
import { rounds } from './rounds.ts';
import type { Done } from './task.ts';
import { inProcess } from './task.ts';

const NAMES: readonly DayFileName[] = ['alipay_utf8', 'alipay', 'unionpay'];

type EachFile = Readonly<Record<DayFileName, Done>>;

interface Round {
  readonly read: EachFile;
  readonly imported: EachFile;
  /** The same of a file with a tenth of the lines. */
  readonly tenth: Done;
}

/** P15, P16, P17: Alipay's GB 18030 and UnionPay's fixed width, against the same CSV in UTF-8. */
export async function days(bench: Bench): Promise<readonly Figure[]> {
  const { dayLines, dir } = bench;
  const pathOf = (name: string): string => join(dir, `${name}.zip`);
  await writeAlipayDay(pathOf('alipay_utf8'), 'utf8', dayLines, bench.seed);
  const alipayBytes = await writeAlipayDay(pathOf('alipay'), 'gb18030', dayLines, bench.seed);
  const unionpayBytes = await writeUnionpayDay(pathOf('unionpay'), dayLines, bench.seed);
  await writeAlipayDay(pathOf('tenth'), 'gb18030', dayLines / 10, bench.seed);

  const measured = await rounds(bench, async (): Promise<Round> => {
    const read = await each((name) => run({ name, path: pathOf(name), url: null }, dayLines));
    const url = await freshCopy(bench.adminUrl, 'bench_days');
    const imported = await each((name) => run({ name, path: pathOf(name), url }, dayLines));
    await dropCopy(bench.adminUrl, 'bench_days');
    const tenth = await run({ name: 'alipay', path: pathOf('tenth'), url: null }, dayLines / 10);
    return { read, imported, tenth };
  });
  return [...ratios(measured, unionpayBytes / alipayBytes), ...details(measured, dayLines)];
}

/** One after the other: what makes the machine slow for a while should befall all of them. */
async function each(measure: (name: DayFileName) => Promise<Done>): Promise<EachFile> {
  const done: (readonly [DayFileName, Done])[] = [];
  for (const name of NAMES) done.push([name, await measure(name)]);
  return Object.fromEntries(done) as EachFile;
}

async function run(
  file: { readonly name: DayFileName; readonly path: string; readonly url: string | null },
  lines: number,
): Promise<Done> {
  const done = await inProcess({ kind: 'day', ...file });
  if (done.result['lines'] !== lines) throw new Error(`${file.name} was not read to its end`);
  return done;
}

/** @param sizeRatio bytes of a line of UnionPay, over those of one of Alipay */
function ratios(measured: readonly Round[], sizeRatio: number): readonly Figure[] {
  const times = (of: (round: Round) => EachFile, one: DayFileName, other: DayFileName): number[] =>
    measured.map((round) => of(round)[one].ms / of(round)[other].ms);
  const most = { at: 'most', value: 1.5 } as const;
  const least = { at: 'least', value: 1 } as const;
  const peaks = measured.map(({ read, imported }) =>
    Math.max(...NAMES.flatMap((name) => [read[name].peakRssMb, imported[name].peakRssMb])),
  );
  return [
    figure(
      'P15',
      'Alipay in GB 18030, of the same in UTF-8: zip to books',
      '×',
      times(({ imported }) => imported, 'alipay', 'alipay_utf8'),
      most,
    ),
    figure(
      'P15',
      '  zip to rows',
      '×',
      times(({ read }) => read, 'alipay', 'alipay_utf8'),
      most,
    ),
    figure(
      'P16',
      'UnionPay’s fixed width, over Alipay’s CSV: zip to rows, by lines',
      '×',
      times(({ read }) => read, 'alipay', 'unionpay'),
      least,
    ),
    figure(
      'P16',
      '  zip to books, by bytes',
      '×',
      times(({ imported }) => imported, 'alipay', 'unionpay').map((ratio) => ratio * sizeRatio),
      least,
    ),
    figure(
      null,
      '  zip to books, by lines',
      '×',
      times(({ imported }) => imported, 'alipay', 'unionpay'),
    ),
    figure('P17', 'peak memory of any of them', 'MB', peaks, { at: 'most', value: 300 }),
  ];
}

function details(measured: readonly Round[], lines: number): readonly Figure[] {
  const perSecond = (of: (round: Round) => EachFile, name: DayFileName): number[] =>
    measured.map((round) => lines / (of(round)[name].ms / 1000));
  return [
    figure(
      null,
      '  reading a tenth of the lines',
      'MB',
      measured.map(({ tenth }) => tenth.peakRssMb),
    ),
    figure(
      null,
      '  reading all of them',
      'MB',
      measured.map(({ read }) => read.alipay.peakRssMb),
    ),
    ...NAMES.flatMap((name) => [
      figure(
        null,
        `  ${name.replace('_', ' in ')}: zip to rows`,
        'lines/s',
        perSecond(({ read }) => read, name),
      ),
      figure(
        null,
        `  ${name.replace('_', ' in ')}: zip to books`,
        'lines/s',
        perSecond(({ imported }) => imported, name),
      ),
    ]),
  ];
}
