/**
 * Deliveries of Alipay and UnionPay that cannot be believed, and files that belong to another channel: exit 2, nothing on
 * stdout, the code and the file on stderr.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Member } from '../channels/zip.ts';
import { zipOfMembers } from '../channels/zip.ts';
import { tradeBill } from './bill.ts';
import type { ChannelStatements, Printed } from './channel-statements.ts';
import {
  ALIPAY,
  CHANNELS,
  UNIONPAY,
  alipayDetail,
  delivery,
  listed,
  refundNo,
} from './channel-statements.ts';
import type { Desk, Said } from './reconcile-run.ts';
import { csvRows, openDesk, reconcile, refundList } from './reconcile-run.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});

afterAll(() => desk.clear());

const PRINTED: readonly Printed[] = Array.from({ length: 30 }, (_, index) => ({ refundNo: refundNo(index) }));

async function given(
  channel: string,
  content: Buffer | string,
  flags: readonly string[] = [],
): Promise<Said> {
  const statements = [await desk.put('given', content)];
  const list = await desk.put('refunds.csv', refundList([{ channel, refund_no: refundNo(1) }]));
  return reconcile({ channel, statements, list, flags });
}

/** The delivery with its member of rows changed. */
function withRows(of: ChannelStatements, change: (member: Member) => Member): Buffer {
  const members = of.members(PRINTED);
  return zipOfMembers(members.map((one, index) => (index === of.rowsMember ? change(one) : one)));
}

function cut(bytes: Buffer, share: number): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length * share));
}

describe.each(CHANNELS)('a delivery of $title', (of) => {
  test.each<[string, () => Buffer | string, string, string]>([
    [
      'that is encrypted',
      () => withRows(of, (one) => ({ ...one, flags: 1 })),
      'statement_unrecognised',
      'encrypted',
    ],
    ['that was cut off', () => cut(delivery(of, PRINTED), 0.7), 'statement_truncated', ''],
    [
      'with a wrong check sum',
      () => withRows(of, (one) => ({ ...one, claims: { crc: 1 } })),
      'statement_corrupt',
      '',
    ],
    [
      'that lies about its size',
      () => withRows(of, (one) => ({ ...one, claims: { size: 10 } })),
      'statement_corrupt',
      '',
    ],
    [
      'whose file of rows ends in the middle',
      () => withRows(of, (one) => ({ ...one, content: cut(one.content, 0.55) })),
      of === ALIPAY ? 'statement_summary_missing' : 'statement_truncated',
      '',
    ],
    [
      'with a packed file in it',
      () => withRows(of, (one) => ({ ...one, content: gzipSync(one.content) })),
      'statement_unrecognised',
      'a packed file in a packed file',
    ],
    [
      'with a name that is a path',
      () => withRows(of, (one) => ({ ...one, name: Buffer.concat([Buffer.from('../'), one.name]) })),
      'statement_unrecognised',
      'a path',
    ],
    [
      'whose totals are others',
      () => delivery(of, PRINTED, { declaredTooMuch: 1 }),
      'statement_totals_differ',
      'declared: ',
    ],
    ['that is an error page', () => '<html>502</html>\n', 'statement_unrecognised', ''],
    ['that is empty', () => '', 'statement_truncated', ''],
    ['that is a refund list', () => refundList([{ refund_no: 'R1' }]), 'statement_unrecognised', ''],
    [
      'of garbage instead of rows',
      () => withRows(of, (one) => ({ ...one, content: Buffer.alloc(one.content.length, 0xff) })),
      of === ALIPAY ? 'statement_unrecognised' : 'statement_truncated',
      '',
    ],
  ])('%s is refused', async (_what, content, code, word) => {
    const said = await given(of.channel, content(), ['--json']);

    expect(said.code).toBe(2);
    expect(said.stdout).toBe('');
    expect(said.stderr).toContain(`${code}: `);
    expect(said.stderr).toContain(`file: ${desk.path('given')}`);
    expect(said.stderr).toContain(word);
    expect(said.stderr).not.toContain('    at ');
  });

  test('F50: bytes that are no text set one row aside, with its place; the others are matched', async () => {
    const printed = PRINTED.map((one, index) => ({ ...one, transactionId: of.transaction(index) }));
    const members = of.members(printed);
    const spoilt = members.map((one, index) => (index === of.rowsMember ? spoilRow(one) : one));
    const statement = await desk.put('spoilt.zip', zipOfMembers(spoilt));
    const list = await desk.put('refunds.csv', refundList(printed.map((one) => listed(of, one))));
    const run = { channel: of.channel, statements: [statement], list };
    const said = await reconcile({ ...run, flags: ['--json', '--out', desk.path('out')] });

    expect(said.code).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({
      statements: [{ refund_lines: 29, quarantined: 1 }],
      matched: { refund_no: 29 },
    });
    expect(said.stderr).toContain(`Set aside in ${statement}: 1 row that cannot be read`);
    expect(await csvRows(desk.path('out/quarantine.csv'))).toHaveLength(1);
  });
});

/** One byte of the amount in the second refund becomes half of a character. */
function spoilRow(member: Member): Member {
  const content = Buffer.from(member.content);
  const row = content.indexOf(refundNo(1));
  const amount = Math.max(content.lastIndexOf('-1.00', row), content.lastIndexOf('000000000100', row));
  content.writeUInt8(0xff, amount + 1);
  return { ...member, content };
}

describe('one of Alipay’s files that a spreadsheet has saved', () => {
  test('is told its encoding', async () => {
    const said = await given('alipay', new TextDecoder('gb18030').decode(alipayDetail(PRINTED)));

    expect(said.code).toBe(2);
    expect(said.stderr).toContain('statement_encoding_invalid: ');
    expect(said.stderr).toContain('UTF-8 instead of GB 18030');
  });
});

describe('a file of another channel is told whose it is, and how to give it', () => {
  const wechat = (): string => tradeBill([{ refundNo: 'R1' }], { payments: 3 });
  const files: readonly (readonly [string, string, () => Buffer | string])[] = [
    ['wechat', 'WeChat Pay', wechat],
    ['wechat', 'WeChat Pay', () => gzipSync(wechat())],
    ['alipay', 'Alipay', () => delivery(ALIPAY, PRINTED)],
    ['alipay', 'Alipay', () => alipayDetail(PRINTED)],
    ['unionpay', 'UnionPay', () => delivery(UNIONPAY, PRINTED)],
  ];
  const titles = { wechat: 'WeChat Pay', alipay: 'Alipay', unionpay: 'UnionPay' } as const;
  const mistakes = files.flatMap(([owner, title, content]) =>
    Object.entries(titles)
      .filter(([asked]) => asked !== owner)
      .map(([asked, askedTitle]) => ({ owner, title, asked, askedTitle, content })),
  );

  test.each(mistakes)(
    '$title given for $askedTitle (%#)',
    async ({ owner, title, asked, askedTitle, content }) => {
      const said = await given(asked, content());

      expect(said.code).toBe(2);
      expect(said.stdout).toBe('');
      expect(said.stderr).toContain('statement_unrecognised: ');
      expect(said.stderr).toContain(
        `this_is: a statement of ${title}, given for ${askedTitle}: give it with --channel ${owner}\n`,
      );
    },
  );

  test('also among several files, of which the others are good', async () => {
    const good = await desk.put('good.zip', delivery(ALIPAY, PRINTED));
    const statements = [await desk.put('a.csv', wechat()), await desk.put('b.csv', wechat()), good];
    const list = await desk.put('refunds.csv', refundList([{ channel: 'alipay', refund_no: refundNo(1) }]));
    const said = await reconcile({ channel: 'alipay', statements, list });

    expect(said.code).toBe(2);
    for (const name of ['a.csv', 'b.csv'])
      expect(said.stderr).toContain(`- ${desk.path(name)}: statement_unrecognised`);
    expect(said.stderr).toContain(
      '(this_is=a statement of WeChat Pay, given for Alipay: give it with --channel wechat)',
    );
  });

  test('a cut-off bill of WeChat Pay given for Alipay too', async () => {
    const said = await given('alipay', cut(Buffer.from(wechat()), 0.8));

    expect(said.stderr).toContain('this_is: a statement of WeChat Pay');
  });
});
