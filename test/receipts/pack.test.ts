import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { complaintTexts } from '../../receipts/complaint.ts';
import { filesInZip } from '../../receipts/pack-files.ts';
import type { PackedLine } from '../../receipts/pack.ts';
import { proofPack } from '../../receipts/pack.ts';
import { publishedKeys } from '../../receipts/receipt-keys.ts';
import { readPublishedKeys, verifyFile } from '../../receipts/verify-file.ts';
import { KEYS, PICTURED, signed } from './signing.ts';

const LINE: PackedLine = {
  ...{ file_sha256: 'ab'.repeat(32), bill_date: '2026-11-24', line_no: 3, kind: 'refund' },
  ...{ occurred_at: '2026-11-24T10:00:02+08:00', amount_minor: '-12800', currency: 'CNY' },
  ...{ refund_no: '=HYPERLINK("http://x")', channel_refund_no: '@SUM(A1)', payment_no: '-1+1' },
  ...{ transaction_id: '\tx', status: 'a,"b"\r\n' },
};

function pack(): Promise<Buffer> {
  return proofPack({
    signed: signed(),
    papers: { zh: Buffer.from('zh'), en: Buffer.from('en') },
    observations: [
      {
        ...{
          kind: 'channel_report',
          source: 'query',
          ref: 'q',
          at: '2026-11-24T02:00:00.000Z',
          status: 'processing',
        },
        landsIn: '6226095711989751',
      },
      {
        ...{ kind: 'fallback_paid', source: 'operator', ref: 'T1', at: '2026-11-27T06:00:00.000Z' },
        ...{ reference: 'T1', paidAt: '2026-11-27T05:00:00.000Z', by: 'lin.mei' },
      },
      {
        ...{ kind: 'bounced', source: 'operator', ref: 'approval/1', at: '2026-11-28T06:00:00.000Z' },
        proof: '银行来函，账号 6226095711989751',
      },
    ],
    lines: [LINE],
    keys: publishedKeys(KEYS),
    key: KEYS.signing,
    publicUrl: 'https://pay.example.com',
  });
}

let bytes: Buffer;
let files: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  bytes = await pack();
  files = (await filesInZip(bytes)) ?? new Map<string, Buffer>();
});

const textOf = (name: string): string => files.get(name)?.toString('utf8') ?? '';

describe('a proof pack', () => {
  test('is the same to the byte whenever it is made from the same evidence, in any zone', async () => {
    const zone = process.env['TZ'];
    try {
      for (const other of ['America/Los_Angeles', 'Asia/Kathmandu', 'UTC']) {
        process.env['TZ'] = other;
        expect((await pack()).equals(bytes), other).toBe(true);
      }
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  test('has a manifest that is right about every other file but its own signature', () => {
    const rows = textOf('MANIFEST.sha256')
      .trimEnd()
      .split('\n')
      .map((row) => row.split('  '));

    expect(rows.map(([, name]) => name).sort()).toEqual(
      [...files.keys()].filter((name) => !name.startsWith('MANIFEST.')).sort(),
    );
    for (const [hash, name = ''] of rows)
      expect(
        createHash('sha256')
          .update(files.get(name) ?? '')
          .digest('hex'),
      ).toBe(hash);
  });

  test('holds a receipt that the keys in it verify', () => {
    const keys = readPublishedKeys(textOf('public-keys.json'), 'public-keys.json');

    expect(verifyFile(files.get('receipt.json') ?? Buffer.alloc(0), keys).verdict).toBe('genuine');
  });

  test('shows no account in what the channel said', () => {
    for (const name of ['evidence.json', 'channel-answers.json']) {
      expect(textOf(name)).toContain('****9751');
      expect(textOf(name)).not.toContain('6226095711989751');
    }
  });

  test('names nobody of the merchant’s people', () => {
    expect(textOf('evidence.json')).toContain('"by":"l**"');
    expect(textOf('evidence.json')).not.toContain('lin.mei');
  });

  test('calls the fields of its evidence as the API does', () => {
    expect(textOf('evidence.json')).toContain('"lands_in":"****9751"');
    for (const name of ['evidence.json', 'channel-answers.json'])
      expect(textOf(name)).not.toMatch(/"[a-z_]+[A-Z][A-Za-z]*":/);
  });

  test('F91 has no text that a spreadsheet would run', () => {
    const csv = textOf('statement-lines.csv');

    expect(csv).toContain(`"'=HYPERLINK(""http://x"")"`);
    expect(csv).toContain(",'@SUM(A1),'-1+1,'\tx,");
    expect(csv).toContain('"a,""b""\r\n"');
    expect(csv.startsWith('\ufefffile_sha256,bill_date,line_no,')).toBe(true);
  });

  test('names in the complaint what the rule asks for, and leaves open what only the payer knows', () => {
    const text = textOf('complaint-12315.zh-CN.txt');

    for (const part of [
      '姓名：____',
      '电话：____',
      '通讯地址：____',
      '名称：示例（上海）网络科技有限公司',
      '地址：上海市示例路 1 号',
    ])
      expect(text).toContain(part);
    expect(text).toContain('请求被投诉人退还款项人民币 128.00 元（壹佰贰拾捌元整）');
    expect(text).toContain('微信退款单号：50303002026112400000000001');
    expect(text).not.toMatch(/null|undefined/);
  });

  test.each(['paid', 'arrived', 'otherwise'] as const)(
    'asks where the money is, and for it only if it has not come, where it is said to be there: %s',
    (which) => {
      const texts = new Map(complaintTexts(PICTURED[which].receipt));

      expect(texts.get('complaint-12315.zh-CN.txt')).toContain(
        '请求查明款项去向；如确未收到，请求被投诉人退还',
      );
      expect(texts.get('complaint-12315.en.txt')).toContain('if it has not come, that the merchant refunds');
    },
  );

  test('has the same complaint in English, number for number', () => {
    for (const who of ['12315', 'channel']) {
      const [zh, en] = [textOf(`complaint-${who}.zh-CN.txt`), textOf(`complaint-${who}.en.txt`)];
      const numbersIn = (text: string): string[] => text.match(/[0-9A-Z]{10,}/g) ?? [];

      expect(numbersIn(en)).toEqual(numbersIn(zh));
      expect(numbersIn(en).length).toBeGreaterThan(1);
      expect(en).toContain('128.00 CNY');
      expect(en.match(/____/g)).toHaveLength((zh.match(/____/g) ?? []).length);
      expect(en).not.toMatch(/null|undefined/);
    }
    expect(textOf('complaint-12315.en.txt')).toContain('Name: 示例（上海）网络科技有限公司');
    // The only Chinese in what says itself to be English: names, and the title of the rule.
    expect(textOf('complaint-channel.en.txt')).not.toMatch(/[，。：、]/);
  });

  test('says in both languages how to check it', () => {
    expect(textOf('README.txt')).toContain('yuanlu receipt verify PACK.zip --keys keys.json');
    expect(textOf('README.txt')).toContain('https://pay.example.com/.well-known/yuanlu-receipt-keys.json');
  });
});
