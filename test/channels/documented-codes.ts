/** The words in which tests write down what a channel's documents say of its codes, apart from the tables of the product. */
import type { Outcome } from '../../channels/outcome.ts';
import type { HoldReason } from '../../domain/refund/observation.ts';

export type Meaning = Exclude<Outcome['outcome'], 'held'> | 'good' | `held ${HoldReason}`;

export type DocumentedTable = Readonly<Record<string, Meaning>>;

/** A table of the product; some channels have a row for what is good as well. */
export type OutcomeTable = Readonly<Record<string, Outcome | { readonly outcome: 'good' }>>;

/** Codes by what they mean, as the documents group them. A code that stands there twice is a mistake of the test. */
export function documented(groups: Readonly<Partial<Record<Meaning, string>>>): DocumentedTable {
  const entries = Object.entries(groups).flatMap(([means, codes]) =>
    codes
      .trim()
      .split(/\s+/)
      .map((code) => [code, means as Meaning] as const),
  );
  const table = Object.fromEntries(entries);
  if (Object.keys(table).length !== entries.length) throw new Error('a code is documented twice');
  return table;
}

/** An outcome table of the product in the same words. */
export function rowsOf(table: OutcomeTable): DocumentedTable {
  return Object.fromEntries(
    Object.entries(table).map(([code, row]) => [
      code,
      row.outcome === 'held' ? (`held ${row.reason}` as const) : row.outcome,
    ]),
  );
}
