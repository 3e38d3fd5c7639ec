/** Everything that can be wrong with a refund list is said with the line and what to do about it, all at once. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { HEADER, listWith, problemsOf, ROW } from './listing.ts';

describe('a field that cannot be right', () => {
  test.each([
    ['refund_no', '', 'is empty'],
    ['refund_no', 'R 1', '"R 1" cannot be a refund number of WeChat Pay: 1 to 64 digits, letters and _-|*@'],
    ['refund_no', 'R'.repeat(65), `"${'R'.repeat(40)}…" cannot be a refund number of WeChat Pay`],
    ['refund_no', '退款1', '"退款1" cannot be a refund number'],
    [
      'refund_no',
      '5.03E+27',
      '"5.03E+27" was rounded by a spreadsheet: export the list again with this column as text',
    ],
    ['amount_minor', '', 'is empty'],
    ['amount_minor', '0', '"0" is nothing: a refund is more than 0'],
    ['amount_minor', '-1', '"-1" is negative: write what goes back as a positive number'],
    [
      'amount_minor',
      '12.30',
      '"12.30" is not a whole number of minor units: write 1230 if 12.30 yuan are meant',
    ],
    ['amount_minor', '"1,230"', '"1,230" is not a whole number of minor units: write whole fen'],
    ['amount_minor', '1e3', '"1e3" is not a whole number of minor units'],
    ['amount_minor', '１００', '"１００" is not a whole number of minor units'],
    // 2^53, and more digits than any amount has.
    ['amount_minor', '9007199254740992', 'is not a whole number of minor units'],
    ['amount_minor', '1'.repeat(30), 'is not a whole number of minor units'],
    ['currency', '', 'is empty'],
    ['currency', 'cny', '"cny" is not an ISO 4217 code such as CNY'],
    ['currency', '¥', '"¥" is not an ISO 4217 code'],
    ['currency', 'RMB', '"RMB" is not an ISO 4217 code: write CNY'],
    ['requested_at', '', 'is empty'],
    [
      'requested_at',
      '2026-11-20 10:00',
      'is not an RFC 3339 time with its offset, such as 2026-11-24T10:00:00+08:00',
    ],
    ['requested_at', '2026-11-20T10:00:00', 'is not an RFC 3339 time with its offset'],
    ['requested_at', '2026-02-30T10:00:00+08:00', 'is not an RFC 3339 time'],
    ['requested_at', '2026/11/20', 'is not an RFC 3339 time'],
    ['channel_refund_no', '5.03E+27', 'was rounded by a spreadsheet'],
    ['transaction_id', '4.2e27', 'was rounded by a spreadsheet'],
    ['transaction_id', '"4200\n1"', 'has a line break or another control character in it'],
    ['payment_no', 'P'.repeat(129), 'is longer than 128 characters'],
    ['source', 'cash', '"cash" is none of wallet, credit_line, debit_card, credit_card, unknown'],
    [
      'state',
      'ok',
      '"ok" is none of requested, unknown, processing, succeeded, settled, needs_action, failed',
    ],
  ])('in the column %s, such as %j, is named with its line', async (column, value, says) => {
    const problems = await problemsOf(listWith({ [column]: value }));

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^line 2: ${column} `));
    expect(problems[0]).toContain(says);
  });

  test('is repeated short and on one line, whatever is in it', async () => {
    const problems = await problemsOf(listWith({ currency: `"\u001b[31m\n${'x'.repeat(500)}"` }));

    expect(problems[0]).not.toMatch(/[\u0000-\u001f]/);
    expect((problems[0] ?? '').length).toBeLessThan(120);
  });
});

describe('a row that is none', () => {
  test.each([
    ['with a field too few', 'R1,wechat,100,CNY', 'line 2: has 4 fields, the header has 5'],
    ['with a field too many', `${ROW},x`, 'line 2: has 6 fields, the header has 5'],
    ['without a channel', ROW.replace('wechat', ''), 'line 2: channel is empty'],
  ])('%s is named', async (_, row, says) => {
    expect(await problemsOf(`${HEADER}\n${row}\n`)).toEqual([says]);
  });

  test('has all that is wrong with it said', async () => {
    const problems = await problemsOf(`${HEADER}\n,wechat,1.5,RMB,today\n`);

    expect(problems.map((problem) => problem.split(' ')[2])).toEqual([
      ...['refund_no', 'amount_minor', 'currency', 'requested_at'],
    ]);
  });

  test('does not stop the look at the others: every problem of the list is said at once', async () => {
    const good = ROW;
    const bad = ROW.replace('100', '0');
    const problems = await problemsOf([HEADER, bad, good, bad, '', bad].join('\n'));

    expect(problems.map((problem) => problem.split(':')[0])).toEqual(['line 2', 'line 4', 'line 6']);
  });

  test('is one of twenty that are shown; the rest is counted', async () => {
    const rows = Array.from({ length: 1_234 }, () => ROW.replace('100', '0'));
    const problems = await problemsOf([HEADER, ...rows].join('\n'));

    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('and 1214 more');
  });
});

describe('a header that cannot be used', () => {
  test.each([
    ['lacks a column', HEADER.replace('currency,', ''), ['line 1: there is no column currency']],
    [
      'lacks several',
      'refund_no,channel,amount',
      ['amount_minor', 'currency', 'requested_at'].map((name) => `line 1: there is no column ${name}`),
    ],
    ['names a column twice', `${HEADER},state,State`, ['line 1: the column state is there twice']],
    [
      'is separated by semicolons',
      HEADER.replaceAll(',', ';'),
      ['line 1: the columns are separated by semicolons, not by commas'],
    ],
    [
      'is separated by tabs',
      HEADER.replaceAll(',', '\t'),
      ['line 1: the columns are separated by tabs, not by commas'],
    ],
  ])('because it %s is named, and no row below is complained about', async (_, header, problems) => {
    expect(await problemsOf(`${header}\n${ROW}\nnonsense\n`)).toEqual(problems);
  });

  test('because it is a row of refunds is named for what it is', async () => {
    const [problem] = await problemsOf(`${ROW}\n${ROW}\n`);

    expect(problem).toContain('line 1: this is no header: it begins with "R1,wechat,100,CNY,');
  });
});

describe('a file that is no list', () => {
  test.each([
    ['an empty file', '', 'the list is empty'],
    ['blank lines only', '\n\n\n', 'line 1: there is no header'],
    ['a BOM only', '\uFEFF', 'line 1: there is no header'],
    [
      'an Excel workbook',
      Buffer.from('PK\u0003\u0004rest'),
      'an Excel workbook or a zip: save it as "CSV UTF-8"',
    ],
    ['a packed list', gzipSync(`${HEADER}\n`), 'packed with gzip: unpack it first'],
    ['UTF-16', Buffer.from(`\uFEFF${HEADER}`, 'utf16le'), 'this is UTF-16'],
    [
      'UTF-16 without its mark',
      Buffer.from(HEADER, 'utf16le'),
      'line 1: a NUL byte: this is not a text file',
    ],
    ['a trade statement', '\uFEFF交易时间,公众账号ID\r\n', 'this is a statement: give it with --statement'],
    [
      'a fund-flow statement',
      '记账时间,微信支付业务单号\r\n',
      'this is a statement: give it with --statement',
    ],
    ['an HTML page', '<html><body>502</body></html>', 'line 1: this is no header'],
  ])('such as %s is told from its bytes', async (_, content, says) => {
    const problems = await problemsOf(content);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(says);
  });

  test.each([1, 7, 64 * 1024])('with GB 18030 in it names its line, in pieces of %s bytes', async (size) => {
    const gb18030 = Buffer.from([0xcd, 0xcb, 0xbf, 0xee]);
    const content = Buffer.concat([
      Buffer.from(`${HEADER},memo\n${ROW},退款\n${ROW},`),
      gb18030,
      Buffer.from('\n'),
    ]);

    const [problem] = await problemsOf(content, size);

    expect(problem).toMatch(/^line 3: not UTF-8: save the list as "CSV UTF-8"/);
  });

  test('that ends inside a character is refused', async () => {
    const content = Buffer.from(`${HEADER},memo\n${ROW},款`).subarray(0, -1);

    expect(await problemsOf(content)).toContain('line 2: the file ends inside a character');
  });
});

describe('quotes that do not fit', () => {
  test('one that is never closed is named with the line that opens it', async () => {
    const problems = await problemsOf(`${HEADER}\n${ROW}\n"${ROW}\n${ROW}\n`);

    expect(problems).toEqual(['line 3: a quote is opened and never closed']);
  });

  test('one that is never closed in a long list ends the reading soon', async () => {
    const rows = Array.from({ length: 5_000 }, () => ROW);
    const problems = await problemsOf([HEADER, `"${ROW}`, ...rows].join('\n'));

    expect(problems).toEqual(['line 2: longer than 64 KiB: a quote that is never closed, or not a list']);
  });

  test('one inside a field that does not begin with one is named', async () => {
    const problems = await problemsOf(`${HEADER}\n${ROW.replace('R1', 'R"1')}\n`);

    expect(problems).toEqual(['line 2: a quote inside a field that does not begin with one']);
  });

  test('a line of a megabyte is refused and not kept in memory', async () => {
    const problems = await problemsOf(`${HEADER}\n${'x'.repeat(1024 ** 2)}\n`);

    expect(problems).toEqual(['line 2: longer than 64 KiB: a quote that is never closed, or not a list']);
  });

  test('problems that were found before are said with it', async () => {
    const problems = await problemsOf(`${HEADER}\n${ROW.replace('100', '0')}\n"${ROW}\n`);

    expect(problems).toHaveLength(2);
  });
});
