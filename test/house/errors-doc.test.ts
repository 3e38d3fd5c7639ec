import { expect, test } from 'vitest';
import { ERRORS } from '../../domain/errors.ts';
import { renderErrorDocs } from '../../scripts/generate-error-docs.ts';
import { readText } from './repository.ts';

test('docs/errors.md is what `node --import tsx scripts/generate-error-docs.ts` makes of the catalogue', () => {
  expect(readText('docs/errors.md')).toBe(renderErrorDocs());
});

test('docs/errors.md has one row for each code and no other', () => {
  const rows = [...readText('docs/errors.md').matchAll(/^\| `([a-z_0-9]+)` \|/gm)].map(([, code]) => code);

  expect(rows).toEqual(Object.keys(ERRORS).sort());
});

test('every row has five cells, whatever characters its sentences hold', () => {
  const rows = readText('docs/errors.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));

  for (const row of rows) expect(row.split(/(?<!\\)\|/), row).toHaveLength(7);
});
