/**
 * Statements that cannot be believed are refused before anything is matched: exit 2, nothing on stdout, the reason and
 * the file on stderr. One bad row in a good bill is set aside and said.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refundRow, tradeBill } from './bill.ts';
import type { Desk, Said } from './reconcile-run.ts';
import { csvRows, documentOf, openDesk, reconcile, refundList } from './reconcile-run.ts';
import { storedZip } from './zip.ts';

let desk: Desk;
let list: string;

beforeAll(async () => {
  desk = await openDesk();
  list = await desk.put('refunds.csv', refundList([{ refund_no: 'R1' }, { refund_no: 'R2' }]));
});

afterAll(() => desk.clear());

const REFUNDS = [{ refundNo: 'R1' }, { refundNo: 'R2' }];
const bill = (): string => tradeBill(REFUNDS, { payments: 40 });

async function given(content: string | Buffer, flags: readonly string[] = []): Promise<Said> {
  return reconcile({ statements: [await desk.put('given', content)], list, flags });
}

function withoutSummary(text: string): string {
  return `${text.trimEnd().split('\r\n').slice(0, -2).join('\r\n')}\r\n`;
}

function cut(bytes: Buffer, share: number): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length * share));
}

describe('a statement that cannot be believed is refused with exit 2', () => {
  const refusals: readonly (readonly [string, () => string | Buffer, string])[] = [
    ['a truncated gzip', () => cut(gzipSync(bill()), 0.6), 'statement_truncated'],
    ['a gzip whose bytes were changed', () => flipped(gzipSync(bill())), 'statement_corrupt'],
    [
      'a zip with a wrong check sum',
      () => storedZip('a.csv', Buffer.from(bill()), { crc: 1 }),
      'statement_corrupt',
    ],
    ['a truncated zip', () => cut(storedZip('a.csv', Buffer.from(bill())), 0.9), 'statement_truncated'],
    ['a gzip in a gzip', () => gzipSync(gzipSync(bill())), 'statement_unrecognised'],
    ['a bill cut in a line', () => cut(Buffer.from(bill()), 0.5), 'statement_truncated'],
    ['a bill without its summary', () => withoutSummary(bill()), 'statement_summary_missing'],
    ['an empty file', () => '', 'statement_truncated'],
    ['an HTML error page', () => '<html><body>502 Bad Gateway</body></html>\n', 'statement_unrecognised'],
    ['a JSON error', () => '{"code":"SIGN_ERROR","message":"签名错误"}', 'statement_unrecognised'],
    ['a NUL byte in the rows', () => bill().replace('货物', '货\0物'), 'statement_encoding_invalid'],
    ['bytes that are not UTF-8', () => spoilt(bill()), 'statement_encoding_invalid'],
    ['random bytes', () => randomBytes(4_096).fill(0x3f, 0, 4), 'statement_unrecognised'],
    ['a refund list', () => refundList([{ refund_no: 'R1' }]), 'statement_unrecognised'],
    ['text after the summary', () => `${bill()}\`and more`, 'statement_unrecognised'],
    [
      'a line of several megabytes',
      () => tradeBill([{ refundNo: 'R1', goods: 'x'.repeat(3_000_000) }]),
      'statement_too_large',
    ],
    ['a gzip bomb', () => gzipSync(Buffer.alloc(300 * 1024 ** 2)), 'statement_too_large'],
  ];

  test.each(refusals)('%s', async (_, content, code) => {
    const said = await given(content(), ['--json']);

    expect(said.code).toBe(2);
    expect(said.stdout).toBe('');
    expect(said.stderr).toContain(`${code}: `);
    expect(said.stderr).toContain(`file: ${desk.path('given')}`);
    expect(said.stderr).not.toContain('    at ');
  });

  test('a bill whose summary counts other rows, and both totals are said', async () => {
    const said = await given(tradeBill(REFUNDS, { declare: { orders: 3 } }));

    expect(said.code).toBe(2);
    expect(said.stderr).toContain('statement_totals_differ: The summary row disagrees with the lines.');
    expect(said.stderr).toMatch(/declared: orders 3, /);
    expect(said.stderr).toMatch(/computed: orders 2, /);
  });

  test('a bill whose summary declares another sum of refunds, and both sums are said', async () => {
    const said = await given(tradeBill(REFUNDS, { declare: { refundFen: 201 } }));

    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(/declared: .*refund_minor 201/);
    expect(said.stderr).toMatch(/computed: .*refund_minor 200/);
  });

  test('a line that was taken out makes the totals differ: it is not silently missing', async () => {
    const lines = bill().split('\r\n');
    const said = await given([...lines.slice(0, 1), ...lines.slice(2)].join('\r\n'));

    expect(said.code).toBe(2);
    expect(said.stderr).toContain('statement_totals_differ');
  });

  test('and the file is left as it was', async () => {
    const content = cut(gzipSync(bill()), 0.6);
    await given(content);

    expect((await readFile(desk.path('given'))).equals(content)).toBe(true);
  });

  test('and no file of --out is written', async () => {
    await given(withoutSummary(bill()), ['--out', desk.path('out')]);

    await expect(readFile(desk.path('out/summary.json'))).rejects.toThrow('ENOENT');
  });
});

describe('several statements with bad ones among them', () => {
  test('are all looked at: each that cannot be used is named with its reason', async () => {
    const statements = [
      await desk.put('good.csv', bill()),
      await desk.put('cut.csv', cut(Buffer.from(bill()), 0.5)),
      await desk.put('wrong.csv', tradeBill([{ refundNo: 'R9' }], { declare: { orders: 7 } })),
    ];
    const said = await reconcile({ statements, list });

    expect(said.code).toBe(2);
    expect(said.stderr).toContain(`- ${desk.path('cut.csv')}: statement_truncated`);
    expect(said.stderr).toMatch(
      /- .*wrong\.csv: statement_totals_differ: .*declared=orders 7.*computed=orders 1/,
    );
    expect(said.stderr).not.toContain(`${desk.path('good.csv')}: statement_`);
  });

  test('that are not there are all named before anything starts', async () => {
    const statements = [desk.path('none-1.csv'), desk.folder, await desk.put('good.csv', bill())];
    const said = await reconcile({ statements, list: desk.path('none-2.csv') });

    expect(said.code).toBe(2);
    expect(said.stderr.split('\n')).toEqual([
      'path_unusable: A file or folder that was named cannot be used.',
      `  - --statement ${desk.path('none-1.csv')}: there is no such file`,
      `  - --statement ${desk.folder}: is a folder; name the files in it`,
      `  - --refunds ${desk.path('none-2.csv')}: there is no such file`,
      'Check the path and the rights on it.',
      '',
    ]);
  });
});

describe('one bad row in a good bill', () => {
  const SHORT_ROW = '`2026-11-20 10:00:00,`wx1,`1900000109';

  test('is set aside with its line, place and reason; the rest is matched, and the run says so', async () => {
    const statement = await desk.put(
      'odd.csv',
      tradeBill([...REFUNDS, { refundNo: '', raw: SHORT_ROW, amount: 0 }]),
    );
    const said = await reconcile({
      statements: [statement],
      list,
      flags: ['--json', '--out', desk.path('odd')],
    });

    expect(said.code).toBe(0);
    const document = JSON.parse(said.stdout) as Awaited<ReturnType<typeof documentOf>>;
    expect(document.statements).toMatchObject([{ lines: 3, refund_lines: 2, quarantined: 1 }]);
    expect(document.matched.refund_no).toBe(2);
    expect(said.stderr).toContain(
      `Set aside in ${statement}: 1 row that cannot be read: first line 4, 3 fields instead of 27 (line_columns_differ).`,
    );
    const before = Buffer.byteLength((await readFile(statement, 'utf8')).split(SHORT_ROW)[0] ?? '');
    expect(await csvRows(desk.path('odd/quarantine.csv'))).toEqual([
      {
        ...{ statement, statement_line: '4', byte_offset: String(before) },
        ...{ reason: '3 fields instead of 27', code: 'line_columns_differ', raw: SHORT_ROW },
      },
    ]);
  });

  test('does not hide its refund: what the row would have shown is waiting or missing', async () => {
    const unreadable = refundRow({ refundNo: 'R2' }, 1).replaceAll('`1.00', '`1.0x');
    const statement = await desk.put(
      'odd.csv',
      tradeBill([{ refundNo: 'R1' }, { refundNo: '', raw: unreadable }]),
    );
    const document = await documentOf({ statements: [statement], list, flags: ['--as-of', '2026-12-31'] });

    expect(document.statements[0]?.quarantined).toBe(1);
    expect(document.matched.refund_no).toBe(1);
    expect(document.breaks.missing_at_channel).toBe(1);
    const { stdout } = await reconcile({ statements: [statement], list });
    expect(stdout).toMatch(/ 1 +agree, but for what was set aside$/m);
  });

  test('cannot take a quarter of a long bill with it: so many bad rows are another format', async () => {
    const bad = Array.from({ length: 150 }, () => ({ refundNo: '', raw: SHORT_ROW, amount: 0 }));
    const good = Array.from({ length: 450 }, (_, index) => ({ refundNo: `R${String(index)}` }));
    const said = await given(tradeBill([...good, ...bad]));

    expect(said.code).toBe(2);
    expect(said.stderr).toContain('150 of 600 rows cannot be read');
  });
});

/** One byte in the middle of the packed data, turned over. */
function flipped(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 0xff, at);
  return bytes;
}

/** A byte that UTF-8 does not have, among the rows. */
function spoilt(text: string): Buffer {
  const bytes = Buffer.from(text);
  bytes.writeUInt8(0xff, bytes.indexOf('货物'));
  return bytes;
}
