/**
 * Takes the pictures of the receipt that README and docs show: `node --import tsx scripts/receipt-pictures.ts`. Each state on a
 * phone and on paper, in both languages; beside them what the pages were, by which a test finds pictures of older ones.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { Pictured } from '../test/receipts/signing.ts';
import { PICTURED, picturedPage } from '../test/receipts/signing.ts';
import { openBrowser } from '../test/support/browser.ts';

const FOLDER = 'docs/images';
const PHONE = { width: 360, height: 640 };
/** A5 at 96 dots an inch. */
const PAPER = { width: 559, height: 794 };
/** What a printer leaves free, which a picture of the page has not. */
const PAPER_MARGIN = 'body { margin: 10mm }';

const opened = await openBrowser();
const hashes: string[] = [];
await mkdir(FOLDER, { recursive: true });
try {
  for (const name of Object.keys(PICTURED) as Pictured[])
    for (const language of ['zh', 'en'] as const) {
      const html = picturedPage(name, language);
      const path = join(FOLDER, `receipt-${name}-${language}`);
      await take(opened.browser, html, { path: `${path}-phone.png`, print: false });
      await take(opened.browser, html, { path: `${path}-print.png`, print: true });
      hashes.push(`${createHash('sha256').update(html).digest('hex')}  receipt-${name}-${language}`);
    }
  await writeFile(join(FOLDER, 'pages.sha256'), `${hashes.join('\n')}\n`);
} finally {
  await opened.close();
}

async function take(
  from: Browser,
  html: string,
  o: { readonly path: string; readonly print: boolean },
): Promise<void> {
  const page = await from.newPage({
    viewport: o.print ? PAPER : PHONE,
    deviceScaleFactor: o.print ? 1 : 1.5,
  });
  await page.emulateMedia({ media: o.print ? 'print' : 'screen' });
  await page.setContent(html);
  if (o.print) await page.addStyleTag({ content: PAPER_MARGIN });
  await writeFile(o.path, await page.screenshot({ fullPage: o.print }));
  await page.close();
  process.stdout.write(`${o.path}\n`);
}
