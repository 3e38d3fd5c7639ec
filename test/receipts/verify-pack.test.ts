import { beforeAll, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import type { PackContent } from '../../receipts/pack.ts';
import { proofPack } from '../../receipts/pack.ts';
import { filesInZip } from '../../receipts/pack-files.ts';
import { signedManifest } from '../../receipts/manifest.ts';
import { publishedKeys } from '../../receipts/receipt-keys.ts';
import type { SignedReceipt } from '../../receipts/signed-receipt.ts';
import type { PackVerdict } from '../../receipts/verify-pack.ts';
import { verifyPack } from '../../receipts/verify-pack.ts';
import { KEYS, OTHER_KEYS, paperOf, signed } from './signing.ts';

const keys = KEYS.verification;
const receipt = signed();

let papers: PackContent['papers'];
let bytes: Buffer;
let files: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  papers = { zh: await paperOf(receipt, 'zh'), en: await paperOf(receipt, 'en') };
  bytes = await packOf({});
  files = (await filesInZip(bytes)) ?? new Map<string, Buffer>();
});

function packOf(o: Partial<PackContent>): Promise<Buffer> {
  return proofPack({
    ...{ signed: receipt, papers, observations: [], lines: [], keys: publishedKeys(KEYS) },
    ...{ key: KEYS.signing, publicUrl: 'https://pay.example.com' },
    ...o,
  });
}

/** A zip of these files, by whoever changes packs; the names may be anything. */
async function zipOf(entries: Iterable<readonly [string, Buffer]>, compress = false): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of entries) zip.addBuffer(content, name, { compress });
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function changed(change: (pack: Map<string, Buffer>) => void): Promise<PackVerdict> {
  const pack = new Map(files);
  change(pack);
  return zipOf(pack).then((zip) => verifyPack(zip, keys));
}

const evidence = Buffer.from('{"amount_minor":"99999900"}\n');

describe('a proof pack', () => {
  test('is genuine as it was issued, also packed anew and tighter', async () => {
    const genuine = { verdict: 'genuine', receiptNo: receipt.receiptNo, keyId: KEYS.signing.id, files: 14 };

    expect(files.size).toBe(14);
    expect(await verifyPack(bytes, keys)).toMatchObject(genuine);
    expect(await verifyPack(await zipOf(files, true), keys)).toMatchObject(genuine);
  });

  test('is changed with any one file changed, and that file is named', async () => {
    for (const name of files.keys()) {
      const verdict = await changed((pack) => pack.set(name, Buffer.concat([Buffer.from(' '), evidence])));
      expect(verdict.verdict, name).toBe('changed');
      // A list that was changed is named with all that does not fit it; its signature counts as the list's.
      const named = name === 'MANIFEST.sig' ? 'MANIFEST.sha256' : name;
      expect(verdict).toMatchObject({ faults: [{ file: named, fault: 'changed' }] });
    }
  });

  test('is changed with any one file missing, and that file is named', async () => {
    for (const name of files.keys()) {
      const verdict = await changed((pack) => pack.delete(name));
      if (name === 'MANIFEST.sha256') expect(verdict.verdict).toBe('unreadable');
      else expect(verdict).toMatchObject({ verdict: 'changed', faults: [{ file: name, fault: 'missing' }] });
    }
  });

  test('names every file that is wrong, not only the first', async () => {
    const verdict = await changed((pack) => {
      pack.set('evidence.json', evidence);
      pack.delete('statement-lines.csv');
      pack.set('agreement.pdf', evidence);
    });

    expect(verdict).toMatchObject({
      verdict: 'changed',
      faults: [
        { file: 'evidence.json', fault: 'changed' },
        { file: 'statement-lines.csv', fault: 'missing' },
        { file: 'agreement.pdf', fault: 'added' },
      ],
    });
  });

  test('is changed when its list was written to fit what was changed', async () => {
    const pack = new Map(files).set('evidence.json', evidence);
    const listed = [...pack].filter(([name]) => !name.startsWith('MANIFEST.'));
    const [list] = signedManifest(listed, OTHER_KEYS.signing);
    if (list !== undefined) pack.set(...list);

    expect(await verifyPack(await zipOf(pack), keys)).toEqual({
      ...{ verdict: 'changed', why: 'the signature does not fit its list of files' },
      faults: [{ file: 'MANIFEST.sha256', fault: 'changed' }],
    });
  });

  test('is of nobody known when somebody else signed all of it anew, whatever keys they put in', async () => {
    const theirs = await packOf({ key: OTHER_KEYS.signing, keys: publishedKeys(OTHER_KEYS) });

    expect(await verifyPack(theirs, keys)).toEqual({ verdict: 'unknown_key', keyId: OTHER_KEYS.signing.id });
  });

  test('is not genuine with papers of another receipt, though everything was signed by the issuer', async () => {
    const other: SignedReceipt = signed({ amountMinor: 1n });
    const mixed = await packOf({ papers: { ...papers, en: await paperOf(other, 'en') } });

    expect(await verifyPack(mixed, keys)).toMatchObject({
      verdict: 'changed',
      faults: [{ file: 'receipt.en.pdf', fault: 'differs' }],
    });
  });

  test('is not taken with a name in it twice: one reader sees this file and another that', async () => {
    const twice = await zipOf([...files, ['evidence.json', evidence]]);

    expect((await verifyPack(twice, keys)).verdict).toBe('unreadable');
  });

  test('is unreadable when it is cut, a bomb, has too many files, or is another zip', async () => {
    const bomb = await zipOf([...files, ['zeros.bin', Buffer.alloc(70 * 1024 * 1024)]], true);
    const many = await zipOf([
      ...files,
      ...Array.from({ length: 80 }, (_, i) => [`x${String(i)}`, evidence] as const),
    ]);
    const others = [
      bytes.subarray(0, -40),
      bytes.subarray(0, 400),
      bomb,
      many,
      await zipOf([['a.txt', evidence]]),
    ];

    for (const zip of others) expect((await verifyPack(zip, keys)).verdict).toBe('unreadable');
  });
});
