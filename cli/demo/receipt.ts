/** One refund's receipt at the end of the month: over the API, as a backend asks for it, and opened as its payer opens it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AxiosInstance } from 'axios';
import { readPublishedKeys, verifyFile } from '../../receipts/verify-file.ts';
import type { Verdict } from '../../receipts/signed-receipt.ts';
import type { Stack } from '../../workers/stack.ts';
import { apiClient, bodyOf } from '../commands/api-client.ts';
import type { Check } from './checks.ts';
import type { DemoReport } from './report.ts';

export interface ShownReceipt {
  readonly refund_no: string;
  readonly url: string;
  readonly page_status: number;
  readonly page_bytes: number;
  readonly pdf: string;
  readonly pdf_verdict: Verdict['verdict'];
  readonly changed_pdf: string;
  readonly changed_pdf_verdict: Verdict['verdict'];
  readonly pack: string;
  /** The keys that were published, with which the papers are checked when the demo is gone. */
  readonly keys: string;
  readonly pack_bytes: number;
}

/** Somebody who keeps the demo looks for an hour or two, in which its days go by in half a minute each. */
const LONGEST = { expires_in_days: 1_096 };

/** How large a page may be. */
const PAGE_BYTES_MAX = 30 * 1024;

/**
 * Of the refund that is overdue the longest: its payer is the one who asks. One that is under way before any other, since
 * there is most to say about it. Null when nothing is overdue. The papers outlive the demo.
 */
export async function showReceipt(
  { api, apiKey }: Stack,
  { overdue }: Pick<DemoReport, 'overdue'>,
  folder: string,
): Promise<ShownReceipt | null> {
  const late =
    overdue.find(
      ({ state, proof }) => state === 'processing' && proof.every(({ value }) => value !== null),
    ) ?? overdue[0];
  if (late === undefined) return null;
  const client = apiClient({ YUANLU_API_URL: api.url, YUANLU_API_KEY: apiKey });
  const path = `/v1/refunds/${encodeURIComponent(late.refund_no)}`;
  const url = String(bodyOf(await client.post(`${path}/receipt-links`, LONGEST))['url']);
  const page = await client.get<string>(url, { headers: { authorization: '' }, responseType: 'text' });
  const paper = await bytesOf(client, `${path}/receipt.pdf`);
  const pack = await bytesOf(client, `${path}/proof-pack`);
  const published = await bytesOf(client, '/.well-known/yuanlu-receipt-keys.json');
  const keys = readPublishedKeys(published.toString('utf8'), 'published keys');
  const changed = Buffer.from(paper);
  const middle = changed.length >> 1;
  changed[middle] = (changed[middle] ?? 0) ^ 1;
  const files = {
    pdf: 'receipt.pdf',
    changed_pdf: 'receipt-changed.pdf',
    pack: 'proof-pack.zip',
    keys: 'keys.json',
  };
  // Receipts are their payers': nobody else on this machine reads them.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await writeFile(join(folder, files.pdf), paper);
  await writeFile(join(folder, files.changed_pdf), changed);
  await writeFile(join(folder, files.pack), pack);
  await writeFile(join(folder, files.keys), published);
  return {
    ...{ refund_no: late.refund_no, url, page_status: page.status, page_bytes: Buffer.byteLength(page.data) },
    pdf: join(folder, files.pdf),
    pdf_verdict: verifyFile(paper, keys).verdict,
    changed_pdf: join(folder, files.changed_pdf),
    changed_pdf_verdict: verifyFile(changed, keys).verdict,
    pack: join(folder, files.pack),
    pack_bytes: pack.length,
    keys: join(folder, files.keys),
  };
}

async function bytesOf(client: AxiosInstance, url: string): Promise<Buffer> {
  const { status, data } = await client.get<ArrayBuffer>(url, { responseType: 'arraybuffer' });
  if (status !== 200) throw new Error(`${url} answers ${String(status)}`);
  return Buffer.from(data);
}

export function receiptChecks(shown: ShownReceipt): readonly Check[] {
  const { page_status: status, page_bytes: bytes } = shown;
  return [
    {
      name: 'the payer can open the receipt of a late refund',
      ok: status === 200 && bytes <= PAGE_BYTES_MAX,
      detail: `${String(bytes)} bytes`,
    },
    {
      name: 'its PDF verifies, and a changed one does not',
      ok: shown.pdf_verdict === 'genuine' && shown.changed_pdf_verdict !== 'genuine',
      detail: `${shown.pdf_verdict}, ${shown.changed_pdf_verdict}`,
    },
  ];
}
