/**
 * The proof pack: everything about one refund that somebody outside may ask for, in one zip. The same evidence gives the same
 * bytes: nothing is packed tighter than it is, no time but that of the content is written, and the order is fixed.
 */
import { ZipFile } from 'yazl';
import { canonicalJson } from '../domain/receipt/canonical-json.ts';
import { maskedAccount, maskedName } from '../domain/receipt/mask.ts';
import { snakeCase } from '../domain/refund/field-names.ts';
import type { Observation } from '../domain/refund/observation.ts';
import { complaintTexts } from './complaint.ts';
import type { PackFile } from './manifest.ts';
import { signedManifest } from './manifest.ts';
import type { PublishedKey, SigningKey } from './receipt-keys.ts';
import { packReadme } from './pack-readme.ts';
import type { SignedReceipt } from './signed-receipt.ts';

/** A line of a channel's statement as it was read; texts are the channel's. */
export interface PackedLine {
  readonly file_sha256: string;
  readonly bill_date: string;
  readonly line_no: number;
  readonly kind: string;
  readonly occurred_at: string;
  readonly amount_minor: string;
  readonly currency: string;
  readonly refund_no: string | null;
  readonly channel_refund_no: string | null;
  readonly payment_no: string | null;
  readonly transaction_id: string | null;
  readonly status: string | null;
}

export interface PackContent {
  readonly signed: SignedReceipt;
  readonly papers: { readonly zh: Buffer; readonly en: Buffer };
  readonly observations: readonly Observation[];
  readonly lines: readonly PackedLine[];
  readonly keys: { readonly keys: readonly PublishedKey[] };
  /** Signs the list of the files. */
  readonly key: SigningKey;
  /** `https://pay.example.com` */
  readonly publicUrl: string;
}

const FILE_MODE = 0o100644;

export async function proofPack(content: PackContent): Promise<Buffer> {
  const files = filesOf(content);
  const mtime = new Date(content.signed.receipt.as_of.at);
  const zip = new ZipFile();
  // Times of the zip format have no zone: written as those of Beijing they are the same on every host.
  for (const [name, bytes] of [...files, ...signedManifest(files, content.key)])
    zip.addBuffer(bytes, name, {
      mtime: dosTime(mtime),
      mode: FILE_MODE,
      compress: false,
      forceDosTimestamp: true,
    });
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function filesOf(content: PackContent): readonly PackFile[] {
  const { signed, papers, lines, observations, keys } = content;
  const text = (value: string): Buffer => Buffer.from(value, 'utf8');
  const json = (value: unknown): Buffer => text(`${canonicalJson(value)}\n`);
  const redacted = observations.map(redact);
  const files: readonly PackFile[] = [
    ['README.txt', text(packReadme(signed, content.publicUrl))],
    ['receipt.json', text(signed.text)],
    ['receipt.zh-CN.pdf', papers.zh],
    ['receipt.en.pdf', papers.en],
    ['evidence.json', json(evidenceOf(signed, redacted, lines))],
    ['channel-answers.json', json(redacted.filter(({ kind }) => CHANNEL_KINDS.has(String(kind))))],
    ['statement-lines.csv', text(linesCsv(lines))],
    ...complaintTexts(signed.receipt).map(([name, body]) => [name, text(body)] as const),
    ['public-keys.json', json(keys)],
  ];
  return files.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

const CHANNEL_KINDS: ReadonlySet<string> = new Set([
  ...['channel_report', 'channel_absent', 'attempt_held', 'attempt_refused', 'attempt_unknown'],
  ...['payment_confirmed', 'payment_mismatch', 'bounced'],
]);

/** Free text is cut of whatever could be an account, people to a letter; numbers of refunds and payments stay: they are the point. */
const SHOWN_AS: ReadonlyMap<string, (text: string) => string> = new Map([
  ...['landsIn', 'why', 'notDone', 'flaw', 'proof'].map((name) => [name, maskedAccount] as const),
  ['by', maskedName],
]);

/** As the API names it: `lands_in`. */
function redact(observation: Observation): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(observation).map(([name, value]) => [
      snakeCase(name),
      typeof value === 'string' ? (SHOWN_AS.get(name)?.(value) ?? value) : (value as unknown),
    ]),
  );
}

function evidenceOf(
  { receipt, receiptNo }: SignedReceipt,
  timeline: readonly unknown[],
  lines: readonly PackedLine[],
): object {
  return {
    version: 'yuanlu-evidence/1',
    receipt_no: receiptNo,
    as_of: receipt.as_of.at,
    refund_no: receipt.refund.refund_no,
    amount_minor: receipt.refund.amount_minor,
    currency: receipt.refund.currency,
    state: receipt.state.code,
    numbers: receipt.numbers.map(({ name, value, readers }) => ({ name: name.en, value, readers })),
    timeline,
    statement_lines: lines,
  };
}

const COLUMNS = [
  ...['file_sha256', 'bill_date', 'line_no', 'kind', 'occurred_at', 'amount_minor', 'currency'],
  ...['refund_no', 'channel_refund_no', 'payment_no', 'transaction_id', 'status'],
] as readonly (keyof PackedLine)[];

/** With a byte-order mark, so that spreadsheets open it as UTF-8. */
function linesCsv(lines: readonly PackedLine[]): string {
  const rows = lines.map((line) => COLUMNS.map((name) => cell(line[name])).join(','));
  return `\ufeff${[COLUMNS.join(','), ...rows].join('\r\n')}\r\n`;
}

/** Text that a spreadsheet would run stays text. */
function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = /^[=+\-@\t\r\0]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** yazl reads the local parts of a date: this one has Beijing's as its local parts, on whatever host. */
function dosTime(at: Date): Date {
  const beijing = new Date(at.getTime() + 8 * 3_600_000);
  return new Date(beijing.toISOString().slice(0, -1));
}
