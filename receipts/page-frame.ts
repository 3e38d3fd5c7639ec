/** What every page for payers is framed in: one answer, no script needed, nothing from anywhere else. */
import { createHash } from 'node:crypto';
import type { Language } from '../domain/receipt/words.ts';
import type { Markup } from './html.ts';
import { html, trusted } from './html.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';

export interface Page {
  readonly language: Language;
  readonly title: string;
  readonly body: Markup;
}

const LANGUAGE_TAGS: Readonly<Record<Language, string>> = { zh: 'zh-CN', en: 'en' };

/** The whole document. The texts are the reader's; style and script are the two that the policy names. */
export function pageText({ language, title, body }: Page): string {
  return html`<!doctype html>
<html lang="${LANGUAGE_TAGS[language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow, noarchive">
<meta name="referrer" content="no-referrer">
<meta name="format-detection" content="telephone=no">
<title>${title}</title>
<style>${trusted(PAGE_STYLE)}</style>
</head>
<body>
${body}
<script>${trusted(PAGE_SCRIPT)}</script>
</body>
</html>
`.text;
}

function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

const POLICY = [
  "default-src 'none'",
  `style-src ${sourceOf(PAGE_STYLE)}`,
  `script-src ${sourceOf(PAGE_SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every such page, on top of those that every answer has. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow, noarchive',
  'cache-control': 'no-store',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;
