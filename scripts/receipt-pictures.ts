/**
 * Takes the pictures of the receipt that the README shows: `node --import tsx scripts/receipt-pictures.ts`. Each state on a
 * phone in both languages, and one on paper.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { makeClaim } from '../receipts/claim.ts';
import { receiptPage } from '../receipts/page.ts';
import type { SignedReceipt } from '../receipts/signed-receipt.ts';
import { KEYS, PICTURED } from '../test/receipts/signing.ts';
import { openBrowser } from '../test/support/browser.ts';

const FOLDER = 'docs/images';
const PHONE = { width: 360, height: 640 };
/** A5 at 96 dots an inch. */
const PAPER = { width: 559, height: 794 };

const opened = await openBrowser();
await mkdir(FOLDER, { recursive: true });
try {
  for (const [name, receipt] of Object.entries(PICTURED))
    for (const language of ['zh', 'en'] as const) {
      await take(opened.browser, receipt, {
        name: `receipt-${name}-${language}-phone`,
        language,
        print: false,
      });
      await take(opened.browser, receipt, {
        name: `receipt-${name}-${language}-print`,
        language,
        print: true,
      });
    }
} finally {
  await opened.close();
}

async function take(
  from: Browser,
  receipt: SignedReceipt,
  o: { readonly name: string; readonly language: 'zh' | 'en'; readonly print: boolean },
): Promise<void> {
  const page = await from.newPage({
    viewport: o.print ? PAPER : PHONE,
    deviceScaleFactor: o.print ? 1 : 1.5,
  });
  await page.emulateMedia({ media: o.print ? 'print' : 'screen' });
  const verify = 'https://pay.example.com/verify';
  const check = `${verify}?c=${makeClaim(receipt, KEYS.signing)}`;
  await page.setContent(receiptPage(receipt, o.language, { otherLanguage: '?', pdf: '#', check, verify }));
  const path = join(FOLDER, `${o.name}.png`);
  await writeFile(path, await page.screenshot({ fullPage: o.print }));
  await page.close();
  process.stdout.write(`${path}\n`);
}
