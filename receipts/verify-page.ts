/** The page that checks a receipt, and what it found. */
import { formatYuan } from '../domain/money.ts';
import { familyOf } from '../domain/receipt/phase.ts';
import { FAMILY_TITLES } from '../domain/receipt/texts.ts';
import type { Language, Words } from '../domain/receipt/words.ts';
import { groupedYuan, minuteWords } from '../domain/receipt/words.ts';
import type { Claim } from './claim.ts';
import type { Markup } from './html.ts';
import { html } from './html.ts';
import { LABELS } from './labels.ts';
import { pageText } from './page-frame.ts';
import type { Row } from './rows.ts';
import type { Verdict } from './signed-receipt.ts';
import type { PackVerdict } from './verify-pack.ts';

/** What was looked at: nothing yet, a code, a file, or one that is too large to look at. */
export type Checked =
  | { readonly what: 'nothing' }
  | { readonly what: 'claim'; readonly claim: Claim | null }
  | { readonly what: 'file'; readonly verdict: Verdict | PackVerdict }
  | { readonly what: 'too_large' };

type Say = (words: Words) => string;

export function verifyPage(checked: Checked, language: Language): string {
  const say: Say = (words) => words[language];
  const other = language === 'zh' ? 'en' : 'zh';
  const body = html`<header><p>${say(LABELS.verify_title)}</p>
<a href="/verify?lang=${other}" lang="${other === 'zh' ? 'zh-CN' : 'en'}">${say(LABELS.other_language)}</a></header>
<main>${found(checked, say)}
<section aria-labelledby="file"><h2 id="file">${say(LABELS.verify_title)}</h2><p>${say(LABELS.verify_text)}</p>
<form method="post" action="/verify?lang=${language}" enctype="multipart/form-data">
<label for="receipt">${say(LABELS.verify_file)}</label>
<input id="receipt" name="receipt" type="file" accept=".json,.pdf,.zip,application/json,application/pdf,application/zip" required>
<button type="submit">${say(LABELS.verify_button)}</button></form></section></main>`;
  return pageText({ language, title: say(LABELS.verify_title), body });
}

function found(checked: Checked, say: Say): Markup | null {
  switch (checked.what) {
    case 'nothing':
      return null;
    case 'too_large':
      return notChecked(LABELS.too_large, say);
    case 'claim':
      return checked.claim === null
        ? bad(LABELS.bad_claim, say)
        : good(claimRows(checked.claim, say), LABELS.genuine_claim, say);
    case 'file': {
      const { verdict } = checked;
      if (verdict.verdict === 'genuine') return good(receiptRows(verdict, say), null, say);
      return verdict.verdict === 'unreadable'
        ? notChecked(LABELS.unreadable, say)
        : bad(LABELS[verdict.verdict], say);
    }
  }
}

function good(rows: readonly Row[], hint: Words | null, say: Say): Markup {
  return html`<section role="status"><p class="badge arrived"><span aria-hidden="true">✓</span> ${say(LABELS.genuine)}</p>
${hint !== null && html`<p>${say(hint)}</p>`}<dl>${rows.map(
    ([name, value]) => html`
<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl><p class="soft">${say(LABELS.stale)}</p></section>`;
}

function bad(why: Words, say: Say): Markup {
  return html`<section role="alert"><p class="badge overdue"><span aria-hidden="true">!</span> ${say(LABELS.not_genuine)}</p><p>${say(why)}</p></section>`;
}

/** What is none of our files proves nothing, and accuses nobody. */
function notChecked(why: Words, say: Say): Markup {
  return html`<section role="alert"><p class="badge needs_action"><span aria-hidden="true">!</span> ${say(LABELS.not_checked)}</p><p>${say(why)}</p></section>`;
}

function claimRows(claim: Claim, say: Say): readonly Row[] {
  return [
    [say(LABELS.receipt_no), claim.receiptNo],
    [say(LABELS.refund_no), claim.refundNo],
    [say(LABELS.amount), `¥${groupedYuan(formatYuan(claim.amountMinor))}`],
    [say(LABELS.state), say(FAMILY_TITLES[familyOf(claim.phase, claim.late)])],
    [say(LABELS.as_of), say(minuteWords(claim.asOf))],
  ];
}

function receiptRows(
  {
    receipt,
    receiptNo,
    keyId,
  }: Pick<Extract<Verdict, { verdict: 'genuine' }>, 'receipt' | 'receiptNo' | 'keyId'>,
  say: Say,
): readonly Row[] {
  return [
    [say(LABELS.receipt_no), receiptNo],
    [say(LABELS.merchant), receipt.merchant.legal_name ?? receipt.merchant.name],
    [say(LABELS.refund_no), receipt.refund.refund_no],
    [say(LABELS.amount), `¥${receipt.refund.amount}`],
    [say(LABELS.state), say(receipt.state.headline)],
    [say(LABELS.as_of), say(receipt.as_of.words)],
    [say(LABELS.signed_with), keyId],
  ];
}
