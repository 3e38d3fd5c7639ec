/** The receipt as a payer's page, and the one page that all links show which do not open. */
import type { Receipt, ReceiptNumber } from '../domain/receipt/receipt.ts';
import { filled } from '../domain/receipt/texts.ts';
import type { Language, Words } from '../domain/receipt/words.ts';
import type { Markup } from './html.ts';
import { html } from './html.ts';
import { LABELS } from './labels.ts';
import { pageText } from './page-frame.ts';
import { qrPath } from './qr.ts';
import { landsSomewhere, linesOf, merchantRows, moneyRows, planRows, withoutNumber } from './rows.ts';
import type { SignedReceipt } from './signed-receipt.ts';

/** Addresses that a page leads to. */
export interface PageLinks {
  /** This page in the other language. */
  readonly otherLanguage: string;
  readonly pdf: string;
  /** Where the claim of this receipt is checked; stands in the QR code. */
  readonly check: string;
  /** The same page without a claim, to be typed in. */
  readonly verify: string;
}

/** Signs that stand beside words, never alone. */
const FAMILY_SIGNS = { under_way: '→', arrived: '✓', needs_action: '!', overdue: '!', closed: '×' } as const;
const STEP_SIGNS = { done: '✓', current: '●', to_come: '○', stopped: '!' } as const;

/** A step that stands out must not read as if it had been taken; sign and shade say enough of the others to the eye. */
const SAID = { done: 'hidden', to_come: 'hidden', current: 'soft', stopped: 'soft' } as const;

export function receiptPage(signed: SignedReceipt, language: Language, links: PageLinks): string {
  const { receipt } = signed;
  const say = (words: Words): string => words[language];
  const body = html`<header><p>${receipt.merchant.name}</p>
<a href="${links.otherLanguage}" lang="${language === 'zh' ? 'en' : 'zh-CN'}">${say(LABELS.other_language)}</a></header>
<main>
${summary(receipt, say)}
${progress(receipt, say)}
<section aria-labelledby="do"><h2 id="do">${say(LABELS.what_to_do)}</h2>
${receipt.advice.map((words) => html`<p>${say(words)}</p>`)}</section>
<section class="fraud"><p>${say(receipt.notes.fraud)}</p></section>
${numbers(receipt, say)}
${details(receipt, say)}
${check(signed, say, links)}
</main>
<footer><p class="soft">${say(receipt.notes.not_invoice)} ${say(receipt.notes.masked)}</p>
<p class="acts" data-print="${say(LABELS.print)}"><a href="${links.pdf}">${say(LABELS.save_pdf)}</a></p>
<p id="said" class="hidden" aria-live="polite"></p></footer>`;
  const title = `${say(LABELS.title)} · ${say(receipt.state.title)}`;
  return pageText({ language, title, body });
}

type Say = (words: Words) => string;

function summary({ refund, state, promise, lands_in: landsIn }: Receipt, say: Say): Markup {
  const deadline = promise === null ? null : say(filled(deadlineLabel(state), { day: promise.words }));
  return html`<section aria-labelledby="state">
<p class="badge ${state.family}"><span aria-hidden="true">${FAMILY_SIGNS[state.family]}</span> ${say(state.title)}</p>
<h1 id="state">${say(state.headline)}</h1>
<p class="amount"><span class="hidden">${say(LABELS.amount)} </span>¥${refund.amount}</p>
${deadline !== null && html`<p class="day">${deadline}</p>`}
${landsSomewhere(state) && html`<p>${say(LABELS.lands_in)} <b>${landsIn ?? say(LABELS.lands_unknown)}</b></p>`}</section>`;
}

export function deadlineLabel({ late, phase }: Receipt['state']): Words {
  if (late) return LABELS.was_by;
  return phase === 'paid_out' ? LABELS.at_latest : LABELS.by;
}

function progress({ steps }: Receipt, say: Say): Markup {
  const current = steps.find(({ status }) => status === 'current' || status === 'stopped');
  return html`<section aria-labelledby="steps"><h2 id="steps">${say(LABELS.steps)}</h2><ol>${steps.map(
    (step) => html`
<li class="${step.status}${step.branch === true && ' branch'}"${step === current && html` aria-current="step"`}><span class="dot" aria-hidden="true">${STEP_SIGNS[step.status]}</span><b>${say(step.title)}</b> <span class="${SAID[step.status]}">${say(step.status === 'current' ? LABELS.now : LABELS[step.status])}</span>${
      step.time !== null && html`<time datetime="${step.time.at}">${say(step.time.words)}</time>`
    }</li>`,
  )}</ol></section>`;
}

function numbers(receipt: Receipt, say: Say): Markup {
  return html`<section class="numbers" aria-labelledby="numbers"><h2 id="numbers">${say(LABELS.numbers)}</h2>
<p class="soft">${say(LABELS.numbers_hint)}</p><dl data-copy-all="${say(LABELS.copy_all)}" data-copied="${say(LABELS.copied)}">${receipt.numbers.map((one) => numberRow(one, receipt, say))}</dl></section>`;
}

function numberRow(one: ReceiptNumber, { state }: Receipt, say: Say): Markup {
  const name = say(one.name);
  return html`
<dt>${name} · ${say(one.for)}</dt><dd>${
    one.value === null
      ? say(withoutNumber(state))
      : html`<span class="no" data-copy="${say(LABELS.copy)}" data-copied="${say(LABELS.copied)}" data-label="${say(LABELS.copy)} ${name}" data-name="${name}">${grouped(one.value)}</span>`
  }</dd>`;
}

/** In groups of four for the eye, which are no part of what is copied. Blanks that belong to the number stay where they are. */
function grouped(value: string): readonly (Markup | string)[] {
  const parts = value
    .split(' ')
    .map((part) => (part.match(/.{1,4}/gu) ?? []).map((four) => html`<i>${four}</i>`));
  return parts.flatMap((part, index) => (index === 0 ? part : [' ', ...part]));
}

function details(receipt: Receipt, say: Say): Markup {
  const rows = [
    ...moneyRows(receipt, say),
    ...merchantRows(receipt, say),
    ...planRows(receipt, say),
    ...linesOf(receipt, say),
  ];
  return html`<section aria-labelledby="details"><h2 id="details">${say(LABELS.details)}</h2><dl class="wide">${rows.map(
    ([name, value]) => html`
<div><dt>${name}</dt><dd>${value === receipt.merchant.phone ? callable(value) : value}</dd></div>`,
  )}</dl></section>`;
}

/** On a phone a touch calls the merchant. */
function callable(phone: string): Markup {
  return html`<a href="tel:${phone.replace(/[^0-9+]/g, '')}">${phone}</a>`;
}

function check({ receipt, receiptNo }: SignedReceipt, say: Say, links: PageLinks): Markup {
  const { size, path } = qrPath(links.check);
  const side = String(size);
  return html`<section class="check"><svg viewBox="0 0 ${side} ${side}" role="img" aria-label="${say(LABELS.verify)}"><path d="${path}" fill="#000"/></svg>
<div><p>${say(LABELS.verify)}</p><p><a href="${links.check}">${links.verify}</a></p>
<p class="soft">${say(LABELS.receipt_no)} ${receiptNo}</p>
<p class="soft">${say(LABELS.as_of)} <time datetime="${receipt.as_of.at}">${say(receipt.as_of.words)}</time></p></div></section>`;
}

/** The same bytes for every link that does not open, whatever is wrong with it. */
export function noLinkPage(language: Language): string {
  return notice(language, LABELS.no_link_title, LABELS.no_link_text);
}

/** While the books cannot be read. */
export function busyPage(language: Language): string {
  return notice(language, LABELS.busy_title, LABELS.busy_text);
}

/** For an address that asks too often. */
export function tooOftenPage(language: Language): string {
  return notice(language, LABELS.too_often_title, LABELS.too_often_text);
}

function notice(language: Language, title: Words, text: Words): string {
  const other = language === 'zh' ? 'en' : 'zh';
  const body = html`<main><header></header><section><h1>${title[language]}</h1><p>${text[language]}</p></section>
<section lang="${other === 'zh' ? 'zh-CN' : 'en'}"><h2>${title[other]}</h2><p>${text[other]}</p></section></main>`;
  return pageText({ language, title: title[language], body });
}
