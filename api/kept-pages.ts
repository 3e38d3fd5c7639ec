/**
 * Pages that were made a moment ago. A receipt follows from its evidence alone: as long as that is the same, and its promise
 * has not run out meanwhile, the page is the same to the byte and need not be written, signed and drawn again. The evidence
 * itself is read for every look, so that a page is never older than the books.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Evidence } from '../store/receipt-evidence.ts';

/** A page has some 20 kB. */
const PAGES_MAX = 1_000;

interface KeptPage {
  readonly evidence: Evidence;
  /** When its promise runs out and it must be written anew (ms since 1970). */
  readonly goodUntil: number;
  readonly page: Buffer;
}

export interface KeptPages {
  /** The page of `name` for this evidence: a kept one that still holds, or one that `make` writes now. */
  of(name: string, evidence: Evidence, now: Date, make: () => string): Buffer;
}

export function keptPages(pagesMax = PAGES_MAX): KeptPages {
  const kept = new Map<string, KeptPage>();
  return {
    of: (name, evidence, now, make) => {
      const known = kept.get(name);
      // Whatever is looked at moves to the end; the page that nobody looked at for the longest time goes first.
      kept.delete(name);
      const holds =
        known !== undefined && now.getTime() < known.goodUntil && isDeepStrictEqual(known.evidence, evidence);
      const one = holds
        ? known
        : { evidence, goodUntil: turnOf(evidence, now), page: Buffer.from(make(), 'utf8') };
      kept.set(name, one);
      if (kept.size > pagesMax) kept.delete(kept.keys().next().value ?? '');
      return one.page;
    },
  };
}

/** The next instant at which time alone changes what the page says: it is late from then on, or more is known by then. */
function turnOf({ refund, observations }: Evidence, now: Date): number {
  const promise = refund.promiseAt?.getTime() ?? 0;
  const dated = [refund.acceptedAt, refund.succeededAt, refund.lastAskedAt].flatMap(
    (at) => at?.getTime() ?? [],
  );
  const known = [...dated, ...observations.map(({ at }) => Date.parse(at))].filter(
    (at) => at > now.getTime(),
  );
  return Math.min(...known, promise >= now.getTime() ? promise + 1 : Number.MAX_SAFE_INTEGER);
}
