import { describe, expect, test } from 'vitest';
import { REFUND_STATES } from '../../domain/refund/state.ts';
import { BREAK_KINDS } from '../../domain/statement/break.ts';
import { readText } from './repository.ts';

const glossary = readText('docs/glossary.md');

describe('the glossary', () => {
  test('explains every state of a refund, in the order in which they are met', () => {
    expect(rowsUnder('States of a refund')).toEqual([...REFUND_STATES]);
  });

  test('explains every kind of break', () => {
    expect(rowsUnder('Kinds of break')).toEqual([...BREAK_KINDS]);
  });

  test('is in the order of the alphabet and explains each word once', () => {
    const [introduction = ''] = glossary.split('\n## ');
    const words = [...introduction.matchAll(/^\| ([a-z][a-z -]+) \|/gm)].map(([, word]) => word).slice(1);

    expect(words).toEqual([...new Set(words)].sort());
  });
});

/** The code words in the first column of the table under a heading. */
function rowsUnder(heading: string): (string | undefined)[] {
  const section = glossary.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, word]) => word);
}
