/**
 * The receipt on paper: one PDF with the same content as the page, text that can be selected, and the signed receipt inside it
 * as a file. The same receipt gives the same bytes. Whoever prints it puts a seal over them: see paper-press.ts.
 */
import PDFDocument from 'pdfkit';
import type { Receipt } from '../domain/receipt/receipt.ts';
import { filled } from '../domain/receipt/texts.ts';
import type { Language, Words } from '../domain/receipt/words.ts';
import { fontBytes } from './fonts.ts';
import { LABELS } from './labels.ts';
import { deadlineLabel } from './page.ts';
import { RECEIPT_FILE_NAME } from './pdf-seal.ts';
import { qrPath } from './qr.ts';
import type { Row } from './rows.ts';
import { landsSomewhere, linesOf, merchantRows, moneyRows, planRows, withoutNumber } from './rows.ts';
import type { SignedReceipt } from './signed-receipt.ts';

/** Points. */
const MARGIN = 42;
const PAGE_WIDTH = 595.28;
const WIDTH = PAGE_WIDTH - 2 * MARGIN;
const GAP = 18;
const QR_SIDE = 96;
const BOTTOM_BLOCK = 80;

const SIZES = { title: 18, headline: 14, amount: 26, head: 11, text: 9.5, small: 8 } as const;
const INK = '#111418';
const SOFT = '#4a5059';
const LINE = '#b9bfc7';

interface PaperLinks {
  /** Stands in the QR code. */
  readonly check: string;
  /** To be typed in. */
  readonly verify: string;
}

/** What is to be drawn: plain data, so that it can be handed to a thread. */
export interface PaperOrder extends SignedReceipt {
  readonly language: Language;
  readonly links: PaperLinks;
}

type Paper = PDFKit.PDFDocument;
type Say = (words: Words) => string;

/** The paper without its seal. Takes a few hundred milliseconds of a processor: not for a thread that serves others. */
export async function drawPaper(order: PaperOrder): Promise<Buffer> {
  const { language, links, ...signed } = order;
  const say: Say = (words) => words[language];
  const doc = newPaper(signed, language);
  const bytes = bytesOf(doc);
  drawHead(doc, signed, say);
  drawSummary(doc, signed.receipt, say, links);
  drawSteps(doc, signed.receipt, say);
  drawList(doc, say(LABELS.what_to_do), signed.receipt.advice.map(say));
  drawRows(doc, say(LABELS.numbers), numberRows(signed.receipt, say));
  const { receipt } = signed;
  drawRows(doc, say(LABELS.details), [
    ...moneyRows(receipt, say).slice(1),
    ...merchantRows(receipt, say),
    ...planRows(receipt, say),
    ...linesOf(receipt, say),
  ]);
  drawBottom(doc, signed, say, links);
  doc.end();
  return bytes;
}

/** Its time is that of the content: nothing in it may depend on when it was made. */
function newPaper({ receipt, receiptNo, text }: SignedReceipt, language: Language): Paper {
  const at = new Date(receipt.as_of.at);
  const doc = new PDFDocument({
    ...{ size: 'A4', margin: MARGIN, pdfVersion: '1.7', tagged: true, displayTitle: true },
    lang: language === 'zh' ? 'zh-CN' : 'en',
    info: {
      Title: `${LABELS.title[language]} ${receiptNo}`,
      Author: receipt.merchant.legal_name ?? receipt.merchant.name,
      CreationDate: at,
      ModDate: at,
    },
  });
  doc.registerFont('text', fontBytes('Regular'));
  doc.font('text').fillColor(INK);
  doc.file(Buffer.from(text, 'utf8'), {
    ...{ name: RECEIPT_FILE_NAME, type: 'application/json', creationDate: at, modifiedDate: at },
    description: 'Signed receipt',
  });
  return doc;
}

function bytesOf(doc: Paper): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk));
    doc.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
    doc.on('error', reject);
  });
}

function drawHead(doc: Paper, { receipt, receiptNo }: SignedReceipt, say: Say): void {
  doc.fontSize(SIZES.title).text(say(LABELS.title), MARGIN, MARGIN);
  doc
    .fontSize(SIZES.text)
    .fillColor(SOFT)
    .text(receipt.merchant.legal_name ?? receipt.merchant.name);
  const top = doc.y;
  const right = { align: 'right', width: WIDTH } as const;
  doc.fontSize(SIZES.small).text(`${say(LABELS.receipt_no)} ${receiptNo}`, MARGIN, MARGIN + 4, right);
  doc.text(`${say(LABELS.as_of)} ${say(receipt.as_of.words)}`, right);
  doc.fillColor(INK);
  doc.y = Math.max(top, doc.y);
  rule(doc);
}

function rule(doc: Paper): void {
  const y = doc.y + 5;
  doc
    .moveTo(MARGIN, y)
    .lineTo(PAGE_WIDTH - MARGIN, y)
    .lineWidth(0.6)
    .stroke(LINE);
  doc.x = MARGIN;
  doc.y = y + 8;
}

function drawSummary(doc: Paper, receipt: Receipt, say: Say, links: PaperLinks): void {
  const { state, refund, promise, lands_in: landsIn } = receipt;
  const bottom = doc.y + QR_SIDE + SIZES.small * 1.5;
  drawQr(doc, links.check, say(LABELS.verify));
  const width = WIDTH - QR_SIDE - GAP;
  doc.fontSize(SIZES.headline).text(`【${say(state.title)}】${say(state.headline)}`, { width });
  doc.fontSize(SIZES.amount).text(`¥${refund.amount}`);
  doc.fontSize(SIZES.head).text(`人民币${refund.amount_in_words}`);
  if (promise !== null) doc.text(say(filled(deadlineLabel(state), { day: promise.words })), { width });
  if (landsSomewhere(state))
    doc.text(`${say(LABELS.lands_in)} ${landsIn ?? say(LABELS.lands_unknown)}`, { width });
  doc.y = Math.max(doc.y, bottom);
}

function head(doc: Paper, text: string): void {
  rule(doc);
  doc.fontSize(SIZES.head).text(text);
  doc.moveDown(0.3).fontSize(SIZES.text);
}

const SIGNS = { done: '●', current: '◎', to_come: '○', stopped: '×' } as const;

function drawSteps(doc: Paper, { steps }: Receipt, say: Say): void {
  head(doc, say(LABELS.steps));
  for (const step of steps) {
    const word = say(step.status === 'current' ? LABELS.now : LABELS[step.status]);
    const time = step.time === null ? word : say(step.time.words);
    row(doc, [`${SIGNS[step.status]} ${say(step.title)}`, time]);
  }
}

function drawList(doc: Paper, title: string, texts: readonly string[]): void {
  head(doc, title);
  for (const text of texts) doc.text(text, { width: WIDTH });
}

function numberRows(receipt: Receipt, say: Say): readonly Row[] {
  return receipt.numbers.map((one) => [
    `${say(one.name)}（${say(one.for)}）`,
    one.value ?? say(withoutNumber(receipt.state)),
  ]);
}

function drawRows(doc: Paper, title: string, rows: readonly Row[]): void {
  head(doc, title);
  for (const one of rows) row(doc, one);
}

/** Name on the left, value on the right half; the higher of the two decides where the next one begins. */
function row(doc: Paper, [name, value]: Row): void {
  const left = WIDTH * 0.46;
  const heightOf = (text: string, width: number): number => doc.heightOfString(text, { width });
  const height = Math.max(heightOf(name, left - GAP), heightOf(value, WIDTH - left));
  if (doc.y + height > doc.page.height - MARGIN) doc.addPage();
  const { y } = doc;
  doc.fillColor(SOFT).text(name, MARGIN, y, { width: left - GAP });
  doc.fillColor(INK).text(value, MARGIN + left, y, { width: WIDTH - left });
  doc.x = MARGIN;
  doc.y = y + height + 1.5;
}

function drawBottom(doc: Paper, { receipt }: SignedReceipt, say: Say, links: PaperLinks): void {
  if (doc.y + BOTTOM_BLOCK > doc.page.height - MARGIN) doc.addPage();
  rule(doc);
  doc.fontSize(SIZES.text).text(say(receipt.notes.fraud), { width: WIDTH });
  doc.moveDown(0.3).fontSize(SIZES.small).fillColor(SOFT);
  doc.text(`${say(receipt.notes.not_invoice)} ${say(receipt.notes.masked)}`, { width: WIDTH });
  doc.text(`${say(LABELS.verify_at)} ${links.verify} · ${say(LABELS.pdf_inside)}`, { width: WIDTH });
}

/** Beside the summary, with a word below it. */
function drawQr(doc: Paper, text: string, word: string): void {
  const { x, y } = doc;
  const left = PAGE_WIDTH - MARGIN - QR_SIDE;
  const { size, path } = qrPath(text);
  doc.save();
  doc.translate(left, y).scale(QR_SIDE / size);
  doc.path(path).fill('#000');
  doc.restore();
  doc.fontSize(SIZES.small).fillColor(SOFT);
  doc.text(word, left, y + QR_SIDE, { width: QR_SIDE, align: 'center' });
  doc.fillColor(INK);
  doc.x = x;
  doc.y = y;
}
