/** How far a step of a run is, how fast it goes and how long it will still take, in one line for the person who waits. */
import { counted, grouped } from './output.ts';

/** What the person who waits is shown. */
export interface Progress {
  update(text: string): void;
}

/** Before that much time a rate says nothing. */
const TOLD_AFTER_MS = 1_000;
/** How often a step that cannot say how far it is says that it goes on. */
const TICK_MS = 1_000;
const MB = 1_000_000;

/** How much of it is done. */
export interface Done {
  /** Rows of the kind that is counted. */
  readonly count: number;
  readonly noun: string;
  /** Bytes of the file, or rows where all of them are known beforehand; null where nobody knows how much there is. */
  readonly part: { readonly of: 'bytes' | 'rows'; readonly done: number; readonly all: number } | null;
}

/** For example `448,351 refunds, 71 of 158 MB, 52,000 a second, 9 s left`. */
export function paceText({ count, noun, part }: Done, elapsedMs: number): string {
  const bytes = part?.of === 'bytes' ? [`${megabytes(part.done)} of ${megabytes(part.all)} MB`] : [];
  const timed = elapsedMs >= TOLD_AFTER_MS && count > 0;
  const rate = timed ? [`${grouped(rounded((count / elapsedMs) * 1_000))} a second`] : [];
  const left = timed && part !== null && part.done > 0 ? [leftText(part, elapsedMs)] : [];
  const rows = part?.of === 'rows' ? `${grouped(count)} of ${counted(part.all, noun)}` : counted(count, noun);
  return [rows, ...bytes, ...rate, ...left].join(', ');
}

function megabytes(bytes: number): string {
  const tenths = Math.round((bytes * 10) / MB);
  return tenths < 100
    ? `${String(Math.floor(tenths / 10))}.${String(tenths % 10)}`
    : grouped(Math.round(bytes / MB));
}

/** As long again as it took so far for what is done. */
function leftText({ done, all }: NonNullable<Done['part']>, elapsedMs: number): string {
  const seconds = Math.ceil((Math.max(0, all - done) / done) * (elapsedMs / 1_000));
  return seconds < 120 ? `${String(seconds)} s left` : `${String(Math.ceil(seconds / 60))} min left`;
}

/** Two figures of a rate matter. */
function rounded(rate: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, rate))) - 1);
  return Math.round(rate / unit) * unit;
}

/**
 * Says what is done now, and for how long already, while `work` cannot say how far it is. It may say the step that it is at.
 */
export async function during<T>(
  progress: Progress,
  what: string,
  work: (begin: (step: string) => void) => Promise<T>,
): Promise<T> {
  const beganAt = performance.now();
  let now = what;
  progress.update(now);
  const ticking = setInterval(() => {
    progress.update(`${now}, for ${String(Math.round((performance.now() - beganAt) / 1_000))} s`);
  }, TICK_MS);
  try {
    return await work((step) => {
      now = `${what}, ${step}`;
      progress.update(now);
    });
  } finally {
    clearInterval(ticking);
  }
}
