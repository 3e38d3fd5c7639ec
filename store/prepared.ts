/**
 * A connection that prepares every statement with values once: Postgres then parses and plans it once for the connection and
 * not once for each call, which was half of its time for a refund. Statements without values (`begin`, DDL) stay as they are.
 */
import { createHash } from 'node:crypto';
import pg from 'pg';

/** Statements remembered by a process; our own are some hundreds. What is put together anew each time must not fill servers. */
const STATEMENTS_MAX = 1_000;

const names = new Map<string, string>();

/** The name under which a statement is prepared, or null where there are too many already. */
function nameOf(text: string): string | null {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size === STATEMENTS_MAX) return null;
  const name = createHash('sha256').update(text).digest('base64url').slice(0, 24);
  names.set(text, name);
  return name;
}

type Query = (...args: readonly unknown[]) => unknown;

export class PreparingClient extends pg.Client {
  readonly #plain: Query = super.query.bind(this);

  override query = ((text: unknown, values: unknown, ...others: readonly unknown[]): unknown => {
    const name = typeof text === 'string' && Array.isArray(values) ? nameOf(text) : null;
    return this.#plain(name === null ? text : { name, text }, values, ...others);
  }) as pg.Client['query'];
}

/**
 * A statement that was prepared before a migration changed what it answers. Postgres refuses it on that connection for ever; on a
 * new one it is prepared anew, and nothing of it has been done.
 */
export function isOutdatedStatement(error: unknown): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === '0A000' &&
    error.message.includes('cached plan must not change result type')
  );
}
