/** The pictures that README and docs show are of the page as it is. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Pictured } from '../receipts/signing.ts';
import { PICTURED, picturedPage } from '../receipts/signing.ts';

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const TAKE_THEM = 'take them again: node --import tsx scripts/receipt-pictures.ts';

const pages = (Object.keys(PICTURED) as Pictured[]).flatMap((name) =>
  (['zh', 'en'] as const).map((language) => ({ name, language })),
);

test('every state is pictured as its page is now', () => {
  const now = pages.map(({ name, language }) => {
    const hash = createHash('sha256').update(picturedPage(name, language)).digest('hex');
    return `${hash}  receipt-${name}-${language}`;
  });

  expect(readFileSync(root('docs/images/pages.sha256'), 'utf8').trimEnd().split('\n'), TAKE_THEM).toEqual(
    now,
  );
});

test('every picture is shown in docs/receipts.md', () => {
  const text = readFileSync(root('docs/receipts.md'), 'utf8');
  for (const { name, language } of pages)
    for (const medium of ['phone', 'print']) {
      const file = `images/receipt-${name}-${language}-${medium}.png`;
      expect(existsSync(root(`docs/${file}`)), TAKE_THEM).toBe(true);
      expect(text).toContain(`![](${file})`);
    }
});
