/**
 * Writes docs/errors.md from the catalogue in domain/errors.ts:
 *   node --import tsx scripts/generate-error-docs.ts
 * A test compares the two, so a new code cannot go undocumented.
 */
import { writeFileSync } from 'node:fs';
import type { ErrorEntry } from '../domain/errors.ts';
import { ERRORS } from '../domain/errors.ts';

const TARGET = new URL('../docs/errors.md', import.meta.url);

const INTRODUCTION = `# Errors

Every error of Yuanlu has a stable code. The API sends it as \`code\` of an RFC 9457 problem with the HTTP status given here;
the command line and the logs print it in front of the message; Temporal failures carry it as their type. "Try again" says
whether the very same request may succeed later without anybody changing it.

This file is made from \`domain/errors.ts\` by \`node --import tsx scripts/generate-error-docs.ts\`.
`;

/** The text of docs/errors.md. */
export function renderErrorDocs(): string {
  const entries = Object.entries<ErrorEntry>(ERRORS).sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = entries.map(
    ([code, { status, title, retryable, remedy }]) =>
      `| \`${code}\` | ${String(status)} | ${title} | ${retryable ? 'yes' : 'no'} | ${remedy} |`,
  );
  return [
    INTRODUCTION,
    '| code | status | what is the case | try again | what to do |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map((row) => row.replaceAll('_-|*@', '_-\\|*@')),
    '',
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) writeFileSync(TARGET, renderErrorDocs());
