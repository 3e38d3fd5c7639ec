/** `yuanlu close verify` on the files that people have: packed, plain, cut short, or of something else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { verifyDayCommand } from '../../cli/commands/close-files.ts';
import { dayProof } from '../../closing/day-proof.ts';
import { publishedKeys } from '../../receipts/receipt-keys.ts';
import { DAY_SIGNED, LEAVES, RECORD_KEYS, fileOf, treeOf } from '../closing/signed-day.ts';

const folder = mkdtempSync(join(tmpdir(), 'yuanlu-close-'));
const keys = join(folder, 'keys.json');
const file = join(folder, 'day');
writeFileSync(keys, JSON.stringify(publishedKeys(RECORD_KEYS)));

afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function verified(content: string | Buffer): Promise<{ code: number; says: Record<string, unknown> }> {
  writeFileSync(file, content);
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const code = await verifyDayCommand(file, { keys, json: true });
  return { code, says: JSON.parse(written.join('')) as Record<string, unknown> };
}

const day = fileOf(LEAVES);
const packed = gzipSync(day);

describe('yuanlu close verify', () => {
  test('ends with 0 for a closed day, plain or packed, and for the proof of a refund in it', async () => {
    expect(await verified(day)).toMatchObject({ code: 0, says: { verdict: 'genuine' } });
    expect(await verified(packed)).toMatchObject({
      code: 0,
      says: { closed_day: { bill_date: '2026-11-24' } },
    });
    const proof = dayProof(DAY_SIGNED, 'R1', treeOf(LEAVES, [0, 2]).proven);
    expect(await verified(JSON.stringify(proof, null, 2))).toMatchObject({
      code: 0,
      says: { refund_no: 'R1', leaves: [{ leaf: 'line' }, { leaf: 'match' }] },
    });
  });

  test('ends with 1 for anything else, and says what is wrong with it', async () => {
    // The number of the break, not the same two letters in a key or a signature.
    const changed = day.replace(/(refund_no\\*":\\*")R7/, '$1R8');
    expect(changed).not.toBe(day);
    expect(await verified(changed)).toMatchObject({
      code: 1,
      says: { verdict: 'changed', why: 'a line, match or break is not as it was closed' },
    });
    expect(await verified('hello')).toMatchObject({ code: 1, says: { verdict: 'unreadable' } });
    expect(await verified('')).toMatchObject({ code: 1, says: { why: 'it is empty' } });
  });

  test('F42 takes no packed file that was cut short, wherever', async () => {
    for (const at of [1, 2, 11, 40, packed.length >> 1, packed.length - 9, packed.length - 4]) {
      const { code } = await verified(packed.subarray(0, at));
      expect([at, code]).toEqual([at, 1]);
    }
  });

  test('wants keys, and a file that is there', async () => {
    await expect(verifyDayCommand(join(folder, 'none'), { keys, json: true })).rejects.toMatchObject({
      code: 'ENOENT',
    });
    vi.stubEnv('YUANLU_RECEIPT_KEYS_FILE', '');
    await expect(verifyDayCommand(file, { json: true })).rejects.toMatchObject({ code: 'request_invalid' });
    vi.unstubAllEnvs();
  });
});
