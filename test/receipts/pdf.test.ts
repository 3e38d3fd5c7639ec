import { beforeAll, describe, expect, test } from 'vitest';
import { deflateSync, inflateSync } from 'node:zlib';
import { verifyFile } from '../../receipts/verify-file.ts';
import { KEYS, OTHER_KEYS, paperOf, signed } from './signing.ts';

const receipt = signed();
const keys = KEYS.verification;

let paper: Buffer;
beforeAll(async () => {
  paper = await paperOf(receipt, 'zh');
});

describe('the receipt as PDF', () => {
  test('is genuine as it was issued', () => {
    expect(verifyFile(paper, keys)).toMatchObject({ verdict: 'genuine', receiptNo: receipt.receiptNo });
  });

  test('is the same to the byte whenever it is made from the same evidence', async () => {
    expect((await paperOf(signed(), 'zh')).equals(paper)).toBe(true);
  });

  test('has text that can be selected, in Chinese as well: its fonts say which character each glyph is', () => {
    const streams = [...paper.toString('latin1').matchAll(/stream\n([^]*?)\nendstream/g)].map(
      ([, packed = '']) => unpacked(Buffer.from(packed, 'latin1')),
    );
    const maps = streams
      .filter((text) => text.includes('beginbfrange') || text.includes('beginbfchar'))
      .join('')
      .toLowerCase();
    const code = (letter: string): string => letter.codePointAt(0)?.toString(16).padStart(4, '0') ?? '';

    for (const letter of '退款进度凭证壹佰贰拾捌元整招商银行') expect(maps).toContain(code(letter));
  });

  test('is refused with any one byte changed', () => {
    for (let at = 0; at < paper.length; at += 97) {
      const changed = Buffer.from(paper);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(verifyFile(changed, keys).verdict, `byte ${String(at)}`).not.toBe('genuine');
    }
  });

  test('is refused when something was written behind it, as editors do, or its seal was cut off', () => {
    const [seal] = /%yuanlu-seal .*\n$/.exec(paper.subarray(-200).toString('latin1')) ?? [''];

    expect(verifyFile(Buffer.concat([paper, Buffer.from('\n%%EOF\n')]), keys).verdict).toBe('changed');
    expect(verifyFile(paper.subarray(0, -seal.length), keys).verdict).toBe('changed');
  });

  test('is refused with the receipt of another paper put into it', async () => {
    const other = await paperOf(signed({ amountMinor: 1n }), 'zh');
    const spliced = Buffer.concat([paper.subarray(0, paper.indexOf('%%EOF')), other]);

    expect(verifyFile(spliced, keys).verdict).not.toBe('genuine');
  });

  test('says that its key is unknown to others', () => {
    expect(verifyFile(paper, OTHER_KEYS.verification).verdict).toBe('unknown_key');
  });

  test.each([
    ['an empty one', Buffer.from('%PDF-')],
    ['one without a receipt', Buffer.from('%PDF-1.7\n%%EOF\n')],
    ['a bomb', bomb()],
    ['a huge one', Buffer.alloc(5 * 1024 * 1024, '%PDF-')],
    [
      'many embedded files that are none',
      Buffer.from(`%PDF-1.7\n${'/Type /EmbeddedFile stream\nxx\n'.repeat(10_000)}`),
    ],
  ])('is unreadable when it is %s', (_what, bytes) => {
    expect(verifyFile(bytes, keys).verdict).toBe('unreadable');
  });
});

function unpacked(packed: Buffer): string {
  try {
    return inflateSync(packed).toString('latin1');
  } catch {
    return '';
  }
}

/** 50 MB of zeros in a few KB. */
function bomb(): Buffer {
  return Buffer.concat([
    Buffer.from('%PDF-1.7\n/Type /EmbeddedFile\nstream\n'),
    deflateSync(Buffer.alloc(50 * 1024 * 1024)),
  ]);
}
