import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { verifyCommand } from '../../cli/commands/receipt-files.ts';
import { newKeysCommand } from '../../cli/commands/receipt-keys.ts';
import { publishedKeys } from '../../receipts/receipt-keys.ts';
import { loadReceiptKeys } from '../../workers/receipt-desk.ts';
import { proofPack } from '../../receipts/pack.ts';
import { KEYS, paperOf, signed } from '../receipts/signing.ts';

const folder = mkdtempSync(join(tmpdir(), 'yuanlu-receipt-'));
const keys = join(folder, 'keys.json');
const file = join(folder, 'receipt.json');
writeFileSync(keys, JSON.stringify(publishedKeys(KEYS)));

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function quiet(): void {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
}

async function verify(content: string | Buffer, o: { readonly keys?: string } = { keys }): Promise<number> {
  writeFileSync(file, content);
  quiet();
  return verifyCommand(file, { ...o, json: true });
}

describe('yuanlu receipt verify', () => {
  test('ends with 0 for a genuine receipt and with 1 for any other', async () => {
    expect(await verify(signed().text)).toBe(0);
    expect(await verify(signed().text.replace('128.00', '129.00'))).toBe(1);
    expect(await verify('no receipt')).toBe(1);
    expect(await verify(Buffer.alloc(5 * 1024 * 1024))).toBe(1);
    expect(await verify(Buffer.from([0xff, 0xfe]))).toBe(1);
  });

  test('checks a whole proof pack, and names each file that is not as it was issued', async () => {
    const receipt = signed();
    const content = {
      ...{ signed: receipt, observations: [], lines: [], keys: publishedKeys(KEYS), key: KEYS.signing },
      papers: { zh: await paperOf(receipt, 'zh'), en: await paperOf(receipt, 'en') },
      publicUrl: 'https://pay.example.com',
    };
    const pack = await proofPack(content);
    expect(await verify(pack)).toBe(0);

    const at = pack.indexOf('yuanlu-evidence/1');
    const changed = Buffer.from(pack);
    changed.write('yuanlu-evidence/2', at);
    expect(await verify(changed)).toBe(1);

    const other = await proofPack({ ...content, papers: { ...content.papers, zh: Buffer.from('zh') } });
    writeFileSync(file, other);
    vi.restoreAllMocks();
    const said: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    expect(await verifyCommand(file, { keys, json: false })).toBe(1);
    expect(said.join('')).toContain('NOT GENUINE: its receipts are not one and the same');
    expect(said.join('')).toContain('\n  receipt.zh-CN.pdf is another receipt, or under another key');
  });

  test('asks for keys rather than trusting what the file itself brings', async () => {
    vi.stubEnv('YUANLU_RECEIPT_KEYS_FILE', '');

    await expect(verify(signed().text, {})).rejects.toThrow('request_invalid');
  });

  test('takes the keys of its own installation, also after they were exchanged', async () => {
    const own = join(folder, 'own.json');
    quiet();
    await newKeysCommand(own, { json: false });
    const before = loadReceiptKeys(own).signing.id;
    await newKeysCommand(own, { json: false });
    const { verification, signing } = loadReceiptKeys(own);

    expect(verification.map(({ id }) => id)).toEqual([signing.id, before]);
    vi.stubEnv('YUANLU_RECEIPT_KEYS_FILE', own);
    expect(await verify(signed().text, {})).toBe(1);
  });
});
