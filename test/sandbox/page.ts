/** What docs/sandbox.md says, in pieces that can be compared and played. */
import { readFileSync } from 'node:fs';

export const PAGE = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8');

/** The cells of the table under this heading line, without the marks around code. */
export function table(heading: string, text = PAGE): readonly (readonly string[])[] {
  const [, after = ''] = text.split(`${heading}\n`);
  const lines = after.split('\n').slice(1);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** What stands as code in a cell. */
export function names(cell: string | undefined): readonly string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
}

/** The table of troubles, as the control side lists them. */
export function documentedTroubles(heading: string, text = PAGE): readonly unknown[] {
  return table(heading, text).map(([kind, fields]) => ({ kind: names(kind)[0], fields: names(fields) }));
}
