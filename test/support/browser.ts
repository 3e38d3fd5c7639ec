/**
 * A real browser: the one that CHROME_PATH names, one on the PATH, or the one that npm brings (Linux x64). Chinese type comes
 * from the package that papers are set in.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packaged from '@sparticuz/chromium';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

export interface OpenBrowser {
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Loud where there is none: a test that needs it must not pass without. */
export async function openBrowser(): Promise<OpenBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'yuanlu-browser-'));
  const own = process.env['CHROME_PATH'] ?? onPath();
  const browser = await chromium.launch({
    executablePath: own ?? (await unpacked()),
    // One process for all would end with its first page.
    args: own === null ? packaged.args.filter((one) => one !== '--single-process') : ['--no-sandbox'],
    env: { ...process.env, FONTCONFIG_FILE: fontconfig(folder) },
  });
  return {
    browser,
    close: async () => {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The packaged browser, unpacked once into this checkout. Left to itself the package unpacks into the folder for temporary
 * files, by a fixed name: another user's copy could not be started there, and anybody could have put it there.
 */
async function unpacked(): Promise<string> {
  const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'node_modules', '.cache');
  const folder = join(cache, 'yuanlu-chromium');
  if (existsSync(folder)) return join(folder, 'chromium');
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, 'yuanlu-chromium-'));
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = draft;
  try {
    await packaged.executablePath();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  try {
    renameSync(draft, folder);
  } catch (error) {
    // Another process was first; its copy is the same.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return join(folder, 'chromium');
}

function onPath(): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter))
    for (const name of NAMES) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Looked for in the next place.
      }
    }
  return null;
}

/** Only the fonts of the package, whatever the machine has: pictures are the same everywhere. */
function fontconfig(folder: string): string {
  const entry = createRequire(import.meta.url).resolve('@embedpdf/fonts-sc');
  const fonts = join(dirname(entry), '..', 'fonts');
  const cache = join(folder, 'cache');
  mkdirSync(cache);
  const path = join(folder, 'fonts.conf');
  writeFileSync(
    path,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${fonts}</dir><cachedir>${cache}</cachedir></fontconfig>`,
  );
  return path;
}
