/** The receipt page in a real browser: on a small phone, enlarged, on paper, with and without JavaScript. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeClaim } from '../../receipts/claim.ts';
import { noLinkPage, receiptPage } from '../../receipts/page.ts';
import { PAGE_HEADERS } from '../../receipts/page-frame.ts';
import type { SignedReceipt } from '../../receipts/signed-receipt.ts';
import { verifyPage } from '../../receipts/verify-page.ts';
import { KEYS, PICTURED } from '../receipts/signing.ts';
import type { OpenBrowser } from '../support/browser.ts';
import { openBrowser } from '../support/browser.ts';

const STATES: Readonly<Record<string, SignedReceipt>> = PICTURED;
const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 640 }, deviceScaleFactor: 2 };

let opened: OpenBrowser;
let server: Server;
let base: string;
const asked: string[] = [];

beforeAll(async () => {
  opened = await openBrowser();
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    asked.push(pathname);
    response.writeHead(200, PAGE_HEADERS);
    response.end(pageOf(pathname.slice(1), searchParams.get('lang') === 'en' ? 'en' : 'zh'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}, 120_000);

afterAll(async () => {
  await opened.close();
  server.close();
});

function pageOf(name: string, language: 'zh' | 'en'): string {
  const receipt = STATES[name];
  if (name === 'verify') return verifyPage({ what: 'nothing' }, language);
  if (receipt === undefined) return noLinkPage(language);
  const check = `https://pay.example.com/verify?c=${makeClaim(receipt, KEYS.signing)}`;
  const verify = 'https://pay.example.com/verify';
  return receiptPage(receipt, language, { otherLanguage: '?lang=en', pdf: '#', check, verify });
}

/** What the browser complains of (a refused style or script among it) fails the test. */
async function withPage<T>(o: BrowserContextOptions, act: (page: Page) => Promise<T>): Promise<T> {
  const context = await opened.browser.newContext({ ...PHONE, ...o });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('favicon')) complaints.push(message.text());
  });
  try {
    const result = await act(page);
    expect(complaints).toEqual([]);
    return result;
  } finally {
    await context.close();
  }
}

const CASES = [...Object.keys(STATES), 'verify', 'none'].flatMap((name) =>
  (['zh', 'en'] as const).map((language) => [name, language] as const),
);

describe('the receipt page', () => {
  test.each(CASES)(
    '%s (%s) has nothing that a checker of accessibility objects to',
    async (name, language) => {
      const { violations } = await withPage({}, async (page) => {
        await page.goto(`${base}/${name}?lang=${language}`);
        return new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze();
      });

      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 120))])).toEqual(
        [],
      );
    },
  );

  test.each(['accepted', 'late', 'arrived', 'stopped'])(
    'shows state, amount, day and place of %s without scrolling on 360 x 640',
    async (name) => {
      const bottom = await withPage({}, async (page) => {
        await page.goto(`${base}/${name}`);
        const box = await page.locator('section').first().boundingBox();
        return (box?.y ?? 0) + (box?.height ?? 1_000);
      });

      expect(bottom).toBeLessThanOrEqual(640);
    },
  );

  test.each([
    ['on 360 x 640', { width: 360, height: 640 }],
    ['enlarged to 200 %', { width: 180, height: 320 }],
  ])('never scrolls sideways %s', async (_what, viewport) => {
    for (const name of ['accepted', 'late', 'arrived', 'stopped', 'verify']) {
      const over = await withPage({ viewport }, async (page) => {
        await page.goto(`${base}/${name}?lang=en`);
        return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      });
      expect(over, name).toBe(0);
    }
  });

  test('says everything without JavaScript, and has buttons to copy with it', async () => {
    const read = (page: Page): Promise<string> => page.locator('main').innerText();
    const [without, buttonsWithout] = await withPage({ javaScriptEnabled: false }, async (page) => {
      await page.goto(`${base}/late`);
      return [await read(page), await page.locator('button').count()] as const;
    });
    const buttons = await withPage({}, async (page) => {
      await page.goto(`${base}/late`);
      return page.locator('dd button').count();
    });

    for (const text of ['已逾期', '¥128.00', '50303002026112400000000001', '12315', '招商银行信用卡0403'])
      expect(without).toContain(text);
    expect([buttonsWithout, buttons]).toEqual([0, 3]);
  });

  test('copies the bare number', async () => {
    const said = await withPage({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await page.goto(`${base}/accepted`);
      await page.locator('dd button').first().click();
      return page.evaluate('navigator.clipboard.readText()');
    });

    expect(said).toBe('50303002026112400000000001');
  });

  test('copies all numbers with their names, one a line', async () => {
    const said = await withPage({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await page.goto(`${base}/accepted`);
      await page.getByRole('button', { name: '复制全部' }).click();
      return page.evaluate<string>('navigator.clipboard.readText()');
    });

    const lines = said.split('\n');
    expect(lines).toContain('微信退款单号 50303002026112400000000001');
    expect(lines.length).toBe(3);
  });

  test('has targets of 44 pixels to touch', async () => {
    const small = await withPage({}, async (page) => {
      await page.goto(`${base}/accepted`);
      return page.evaluate(
        `[...document.querySelectorAll('button, header a, .acts a')].map((one) => one.getBoundingClientRect()).filter(({ width, height }) => width < 44 || height < 44).length`,
      );
    });

    expect(small).toBe(0);
  });

  test('fits paper: at most two pages of A5, without buttons', async () => {
    const pages = await withPage({}, async (page) => {
      await page.goto(`${base}/late`);
      const pdf = await page.pdf({ preferCSSPageSize: true });
      return pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    });

    expect(pages).toBeGreaterThan(0);
    expect(pages).toBeLessThanOrEqual(2);
  });

  test('asks nobody else for anything', async () => {
    asked.length = 0;
    const requests = await withPage({}, async (page) => {
      const seen: string[] = [];
      page.on('request', (request) => seen.push(new URL(request.url()).pathname));
      await page.goto(`${base}/accepted`, { waitUntil: 'networkidle' });
      return seen;
    });

    expect(requests).toEqual(['/accepted']);
  });
});
