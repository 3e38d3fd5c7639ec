/** `yuanlu close export | prove`: files over the HTTP API; `yuanlu close verify`: without any network. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { verifyDayFile } from '../../closing/day-file.ts';
import type { ProofVerdict } from '../../closing/day-proof.ts';
import { verifyDayProof } from '../../closing/day-proof.ts';
import type { RecordVerdict } from '../../closing/record.ts';
import { AppError } from '../../domain/errors.ts';
import type { VerificationKey } from '../../receipts/receipt-keys.ts';
import { EXIT } from '../exit.ts';
import { createOutput, grouped, progress } from '../output.ts';
import type { OutFlags, VerifyDayFlags } from '../register-close.ts';
import { DAY_TIMEOUT_MS, apiClient, bodyOf } from './api-client.ts';
import { addressOf } from './close.ts';
import { keysFor } from './receipt-files.ts';

/** A proof is a few kilobytes; what is larger is a day, or neither. */
const PROOF_BYTES_MAX = 4 * 1024 * 1024;

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

export async function exportDayCommand(account: string, date: string, options: OutFlags): Promise<void> {
  const url = `${addressOf(account, date)}/closing/file`;
  const response = await apiClient().get<Readable>(url, { responseType: 'stream', timeout: DAY_TIMEOUT_MS });
  if (response.status >= 400) bodyOf({ ...response, data: await problemIn(response.data) });
  const file = options.out ?? `closed-day-${account}-${date}.ndjson.gz`;
  const line = progress();
  let bytes = 0;
  const counted = new PassThrough().on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    line.update(`${grouped(bytes)} bytes of ${date}`);
  });
  try {
    await pipeline(
      response.data,
      counted,
      file.endsWith('.gz') ? createGzip() : new PassThrough(),
      createWriteStream(file),
    );
  } catch (error) {
    throw cutShort(error);
  } finally {
    line.done();
  }
  createOutput(options.json).result({ file, bytes }, () => file);
}

/** A cut on the way is no fault of the file that is written. */
function cutShort(error: unknown): unknown {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNABORTED'
    ? new AppError('api_unavailable', { why: 'the file was cut short on its way' }, { cause: error })
    : error;
}

async function problemIn(body: Readable): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return null;
  }
}

export async function proveRefundCommand(refundNo: string, options: OutFlags): Promise<void> {
  const url = `/v1/refunds/${encodeURIComponent(refundNo)}/day-proof`;
  const proof = bodyOf(await apiClient().get(url, { timeout: DAY_TIMEOUT_MS }));
  const file = options.out ?? 'day-proof.json';
  const text = `${JSON.stringify(proof, null, 2)}\n`;
  await writeFile(file, text);
  createOutput(options.json).result({ file, bytes: Buffer.byteLength(text) }, () => file);
}

/** Exit code: 0 it is what was closed, 1 it is not. @throws AppError `config_invalid`, `path_unusable` */
export async function verifyDayCommand(file: string, options: VerifyDayFlags): Promise<number> {
  const output = createOutput(options.json);
  const keys = await keysFor(options);
  const verdict = (await proofIn(file, keys)) ?? (await verifyDayFile(await unpacked(file), keys));
  output.result({ file, ...documentOf(verdict) }, () => `${file}: ${textOf(verdict)}`);
  return verdict.verdict === 'genuine' ? EXIT.ok : EXIT.differences;
}

async function proofIn(file: string, keys: readonly VerificationKey[]): Promise<ProofVerdict | null> {
  const { size } = await stat(file);
  return size > PROOF_BYTES_MAX ? null : verifyDayProof(await readFile(file, 'utf8'), keys);
}

async function unpacked(file: string): Promise<AsyncIterable<Buffer>> {
  const packed = await isGzip(file);
  const bytes = createReadStream(file);
  return packed ? unzipped(bytes) : bytes;
}

async function isGzip(file: string): Promise<boolean> {
  for await (const chunk of createReadStream(file, { end: 1 })) return GZIP_MAGIC.equals(chunk as Buffer);
  return false;
}

/** A packed file that is damaged ends early: what it holds is then not what was closed. */
async function* unzipped(bytes: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const fed = pipeline(bytes, gunzip).catch(() => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch {
    yield Buffer.from('\n');
  }
  await fed;
}

type Verdict = RecordVerdict | ProofVerdict;

function documentOf(verdict: Verdict): object {
  if (verdict.verdict !== 'genuine') return verdict;
  const { record, keyId } = verdict;
  return {
    ...{ verdict: 'genuine', key_id: keyId, closed_day: record },
    ...('refundNo' in verdict ? { refund_no: verdict.refundNo, leaves: verdict.leaves } : {}),
  };
}

function textOf(verdict: Verdict): string {
  switch (verdict.verdict) {
    case 'genuine': {
      const { record } = verdict;
      const { lines, matches, breaks, root } = record.tree;
      const day = `${record.account_id} on ${record.bill_date}, closing ${String(record.closing)} of ${record.closed_at}`;
      const by = `asked by ${record.asked.by}, approved by ${record.approved.by}`;
      return 'refundNo' in verdict
        ? [
            `genuine. Refund ${verdict.refundNo} stood in ${day}; ${by}`,
            ...verdict.leaves.map((leaf) => `  ${JSON.stringify(leaf)}`),
          ].join('\n')
        : `genuine. ${day}: ${grouped(lines)} lines, ${grouped(matches)} matches, ${grouped(breaks)} breaks; ${by}. Root ${root}`;
    }
    case 'unknown_key':
      return `NOT GENUINE as far as these keys go: signed with ${verdict.keyId}`;
    case 'changed':
      return `NOT WHAT WAS CLOSED: ${verdict.why}`;
    case 'unreadable':
      return `no closed day, and no proof: ${verdict.why}`;
  }
}
