/** `yuanlu receipt pdf | json | pack`: files over the HTTP API; `yuanlu receipt verify`: without any network. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { AppError } from '../../domain/errors.ts';
import { PACK_BYTES_MAX } from '../../receipts/pack-files.ts';
import type { VerificationKey } from '../../receipts/receipt-keys.ts';
import { readPublishedKeys } from '../../receipts/verify-file.ts';
import type { Verdict } from '../../receipts/signed-receipt.ts';
import type { PackFault, PackVerdict } from '../../receipts/verify-pack.ts';
import { verifyHeld } from '../../receipts/verify-pack.ts';
import { loadReceiptKeys } from '../../workers/receipt-desk.ts';
import { EXIT } from '../exit.ts';
import { createOutput } from '../output.ts';
import type { FileFlags, VerifyFlags } from '../register-receipts.ts';
import { apiClient, bodyOf } from './api-client.ts';

export async function pdfCommand(refundNo: string, options: FileFlags): Promise<void> {
  const lang = options.lang === 'en' ? 'en' : 'zh';
  await fetchFile(`/receipt.pdf?lang=${lang}`, `refund-receipt-${lang}.pdf`, refundNo, options);
}

export async function jsonCommand(refundNo: string, options: FileFlags): Promise<void> {
  await fetchFile('/receipt', 'receipt.json', refundNo, options);
}

export async function packCommand(refundNo: string, options: FileFlags): Promise<void> {
  await fetchFile('/proof-pack', 'refund-proof.zip', refundNo, options);
}

async function fetchFile(path: string, name: string, refundNo: string, options: FileFlags): Promise<void> {
  const url = `/v1/refunds/${encodeURIComponent(refundNo)}${path}`;
  const response = await apiClient().get<ArrayBuffer>(url, { responseType: 'arraybuffer' });
  const bytes = Buffer.from(response.data);
  if (response.status >= 400) bodyOf({ ...response, data: parsed(bytes) });
  const file = options.out ?? name;
  await writeFile(file, bytes);
  createOutput(options.json).result({ file, bytes: bytes.length }, () => file);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

/** Exit code: 0 genuine, 1 not. @throws AppError `config_invalid`, `path_unusable` */
export async function verifyCommand(file: string, options: VerifyFlags): Promise<number> {
  const output = createOutput(options.json);
  const keys = await keysFor(options);
  const { size } = await stat(file);
  // Looked at before it is read: what is larger than any pack is none.
  const verdict =
    size > PACK_BYTES_MAX
      ? ({ verdict: 'unreadable', why: 'it is larger than any receipt or proof pack' } as const)
      : await verifyHeld(await readFile(file), keys);
  output.result({ file, ...documentOf(verdict) }, () => `${file}: ${textOf(verdict)}`);
  return verdict.verdict === 'genuine' ? EXIT.ok : EXIT.differences;
}

/** Those of `--keys`, or this installation's own. @throws AppError `config_invalid`, `request_invalid` */
export async function keysFor({ keys }: Pick<VerifyFlags, 'keys'>): Promise<readonly VerificationKey[]> {
  if (keys !== undefined) return readPublishedKeys(await readFile(keys, 'utf8'), keys);
  const own = process.env['YUANLU_RECEIPT_KEYS_FILE'];
  if (own !== undefined && own !== '') return loadReceiptKeys(own).verification;
  throw new AppError('request_invalid', {
    keys: 'not given',
    remedy:
      'Give --keys FILE: the public keys of who issued it, from /.well-known/yuanlu-receipt-keys.json of its api.',
  });
}

function documentOf(verdict: Verdict | PackVerdict): object {
  if (verdict.verdict !== 'genuine') return verdict;
  const { receipt, receiptNo, keyId } = verdict;
  return {
    verdict: 'genuine',
    receipt_no: receiptNo,
    key_id: keyId,
    refund_no: receipt.refund.refund_no,
    amount_minor: receipt.refund.amount_minor,
    currency: receipt.refund.currency,
    state: receipt.state.code,
    as_of: receipt.as_of.at,
    ...('files' in verdict ? { files: verdict.files } : {}),
  };
}

function textOf(verdict: Verdict | PackVerdict): string {
  switch (verdict.verdict) {
    case 'genuine': {
      const { receipt, receiptNo } = verdict;
      const pack = 'files' in verdict ? `, all ${String(verdict.files)} files of the pack` : '';
      return `genuine${pack}. ${receiptNo}, refund ${receipt.refund.refund_no}, ${receipt.refund.amount} ${receipt.refund.currency}, ${receipt.state.headline.en} (as of ${receipt.as_of.words.en})`;
    }
    case 'unknown_key':
      return `NOT GENUINE as far as these keys go: signed with ${verdict.keyId}`;
    case 'changed':
      return [
        `NOT GENUINE: ${verdict.why}`,
        ...('faults' in verdict ? verdict.faults.map(faultText) : []),
      ].join('\n');
    case 'unreadable':
      return `no receipt: ${verdict.why}`;
  }
}

const FAULTS: Readonly<Record<PackFault['fault'], string>> = {
  changed: 'was changed',
  missing: 'is missing',
  added: 'was added',
  differs: 'is another receipt, or under another key',
};

/** Names come from a zip that anybody may have made: nothing in them moves the cursor. */
function faultText({ file, fault }: PackFault): string {
  return `  ${file.replace(/[^\u0020-\u007e\u4e00-\u9fff]/g, '·')} ${FAULTS[fault]}`;
}
