import { describe, expect, test } from 'vitest';
import { fileExists, readManifest, readText } from './repository.ts';

const ENGLISH = 'README.md';
const CHINESE = 'README.zh-CN.md';
const COMMAND = /^(npm|npx|node|yuanlu|docker|git) /;

describe('the two readmes', () => {
  test('list the same commands in the same order', () => {
    expect(commandsOf(CHINESE)).toEqual(commandsOf(ENGLISH));
    expect(commandsOf(ENGLISH).length).toBeGreaterThan(0);
  });

  test.each([ENGLISH, CHINESE])('%s runs only scripts that package.json has', (readme) => {
    const scripts = Object.keys(readManifest('package.json').scripts ?? {});
    const named = [...readText(readme).matchAll(/npm run ([a-z:-]+)/g)].map(([, name]) => name ?? '');

    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  test.each([ENGLISH, CHINESE])('%s links only to files that are there', (readme) => {
    const links = [...readText(readme).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      ([, path]) => path ?? '',
    );

    expect(links.filter((path) => !fileExists(path))).toEqual([]);
  });
});

/** The command lines inside fenced blocks, without prompts and trailing remarks. */
function commandsOf(path: string): string[] {
  const blocks = [...readText(path).matchAll(/^```[a-z]*\n(.*?)^```/gms)].map(([, block]) => block ?? '');
  return blocks
    .flatMap((block) => block.split('\n'))
    .map((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/\s+#.*$/, '')
        .trim(),
    )
    .filter((line) => COMMAND.test(line));
}
