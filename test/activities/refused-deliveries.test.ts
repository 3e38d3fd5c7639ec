/**
 * Damaged deliveries of Alipay and UnionPay through fetching, loading and Postgres: each is refused under a code that a
 * person sees in `yuanlu statements list`, and is kept as it came. A row that cannot be read takes nothing else with it.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ActivityDeps } from '../../activities/deps.ts';
import { fetchStatement } from '../../activities/statement/fetch-statement.ts';
import { loadStatement } from '../../activities/statement/load-statement.ts';
import type { FetchedStatement, StatementDay } from '../../activities/statement/statement-day.ts';
import { openAlipayStatement } from '../../channels/alipay/bill.ts';
import type { Channel } from '../../channels/channel.ts';
import { openUnionpayStatement } from '../../channels/unionpay/statement.ts';
import type { StatementFile } from '../../store/statements-files.ts';
import { getStatementFile, listQuarantined, listStatementFiles } from '../../store/statements-files.ts';
import { inGb18030 } from '../channels/gb18030.ts';
import { MER_ID } from '../channels/unionpay/clearing-day.ts';
import { zipOfMembers } from '../channels/zip.ts';
import { zipChannels, zipTroubles } from '../channels/zip-troubles.ts';
import { ALIPAY, UNIONPAY, refundNo } from '../cli-real/channel-statements.ts';
import { start } from '../cli-real/spawned.ts';
import { ACCOUNT, countOf } from '../store/books.ts';
import { required } from '../support/required.ts';
import type { AccountFolder } from '../workers/account-files.ts';
import { accountFolder, merchantEntry, wechatEntry } from '../workers/account-files.ts';
import { deliveryKey } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { attemptOf, toTheEnd, workbench } from './workbench.ts';

const LONG_AFTER = new Date('2026-11-25T03:00:00Z');
const SELLER_ID = '2088123456789012';

let bench: Workbench;
let keys: AccountFolder;
let days = 0;

beforeAll(async () => {
  bench = await workbench();
  keys = accountFolder();
});

beforeEach(() => {
  bench.useChannel();
  bench.clock.set(LONG_AFTER);
});

afterAll(async () => {
  keys.remove();
  await bench.close();
});

/** A day of its own for each test. */
function freshDay(): StatementDay {
  days += 1;
  const billDate = new Date(Date.parse('2026-11-20T00:00:00Z') - days * 86_400_000)
    .toISOString()
    .slice(0, 10);
  return { accountId: ACCOUNT, kind: 'trade', billDate, recheck: 0 };
}

async function fetchOf(day: StatementDay, content: Buffer): Promise<FetchedStatement> {
  bench.channel.statements.set(deliveryKey(day.kind, day.billDate), content);
  const { result } = await toTheEnd(bench, fetchStatement(bench.deps), day);
  if (result.outcome === 'empty') throw new Error('the day is not empty');
  return result;
}

async function filesOf(day: StatementDay): Promise<StatementFile[]> {
  const { accountId, billDate } = day;
  return listStatementFiles(bench.db.pool, { accountId, from: billDate, to: billDate, limit: 100 });
}

async function bytesAt(uri: string | null): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bench.deps.files.open(uri ?? '')) parts.push(part);
  return Buffer.concat(parts);
}

describe.each(zipChannels())('a zip of %s', (_channel, file, open) => {
  beforeEach(() => {
    bench.channel.openStatement = (_kind, packed) => open(packed);
  });

  test.each(zipTroubles())(
    'F54 F55 I9: %s is refused under its code; no line is kept, and the file is, as it came',
    async (_what, make, code) => {
      const day = freshDay();
      const delivery = make(file);

      const ended = await attemptOf(loadStatement(bench.deps), [day, await fetchOf(day, delivery)]);

      expect(ended).toMatchObject({ code });
      const [kept, ...others] = await filesOf(day);
      expect(others).toEqual([]);
      expect(kept).toMatchObject({ status: 'refused', refusalCode: code, lines: 0 });
      expect((await bytesAt(kept?.uri ?? null)).equals(delivery)).toBe(true);
      expect(await countOf(bench.db, 'statement_lines where bill_date = $1', [day.billDate])).toBe(0);
    },
  );

  test('and another damaged in the same way are both listed, each with the place where it is kept', async () => {
    const day = freshDay();
    const once = zipOfMembers([{ ...file, flags: 1 }]);
    const again = zipOfMembers([{ ...file, content: Buffer.concat([file.content, file.content]), flags: 1 }]);

    for (const delivery of [once, again, again])
      await attemptOf(loadStatement(bench.deps), [day, await fetchOf(day, delivery)]);

    const files = await filesOf(day);
    expect(files.map(({ refusedCount }) => refusedCount)).toEqual([1, 2]);
    const found = await Promise.all(files.map(({ uri }) => bytesAt(uri)));
    expect(found.map((bytes) => sha256(bytes))).toEqual([sha256(once), sha256(again)]);
  });
});

test('`yuanlu statements list` says of a refused file that it was, why, and with --json where it is kept', async () => {
  const day = freshDay();
  bench.channel.openStatement = (kind, packed) => openUnionpayStatement(kind, packed);
  const file = await fetchOf(day, zipOfMembers(UNIONPAY.members([])).subarray(0, -30));
  await attemptOf(loadStatement(bench.deps), [day, file]);

  const table = await listed([]);
  const json = await listed(['--json']);

  const row = table.split('\n').find((one) => one.includes(day.billDate));
  expect(row).toContain('refused: statement_truncated');
  const { statements } = JSON.parse(json) as { statements: StatementFile[] };
  expect(statements.find(({ billDate }) => billDate === day.billDate)).toMatchObject({
    status: 'refused',
    refusalCode: 'statement_truncated',
    uri: file.uri,
  });
});

async function listed(flags: readonly string[]): Promise<string> {
  const accounts = keys.accounts([
    merchantEntry('desk', [wechatEntry('desk-wechat', { mchid: '1900000309' })]),
  ]);
  const { ended } = start(['statements', 'list', '--account', ACCOUNT, '--limit', '100', ...flags], {
    YUANLU_ENV: 'development',
    YUANLU_DATABASE_URL: bench.db.url,
    YUANLU_ACCOUNTS_FILE: accounts,
    TEMPORAL_ADDRESS: required('YUANLU_TEST_TEMPORAL_ADDRESS'),
  });
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

const PRINTED = Array.from({ length: 20 }, (_, index) => ({ refundNo: refundNo(index) }));
const BAD = 1;

interface Load {
  readonly merchantNo: string;
  readonly open: Channel['openStatement'];
  readonly members: readonly { readonly name: Buffer; readonly content: Buffer }[];
}

/** Loads a delivery through the activities and tells what came of it. */
async function loaded(day: StatementDay, { merchantNo, open, members }: Load) {
  bench.channel.openStatement = open;
  const deps: ActivityDeps = {
    ...bench.deps,
    channels: { ...bench.deps.channels, externalId: () => merchantNo },
  };
  const file = await fetchOf(day, zipOfMembers(members));
  const { result } = await toTheEnd(bench, loadStatement(deps), day, file);
  const aside = await listQuarantined(bench.db.pool, result.fileId);
  const kept = await getStatementFile(bench.db.pool, result.fileId);
  const { rows } = await bench.db.owner.query<{ refund_no: string }>(
    `select refund_no from statement_lines where file_id = $1 and line_type = 'refund' order by line_no`,
    [result.fileId],
  );
  return { kept, aside, refunds: rows.map((row) => row.refund_no), packed: await bytesAt(kept?.uri ?? null) };
}

const OTHERS = PRINTED.map((one) => one.refundNo).filter((no) => no !== refundNo(BAD));

describe('F48 F50: a row of Alipay whose amount is', () => {
  test.each([
    ['of three decimals', '-1.234', '-1.234'],
    ['with an exponent', '-1e3', '-1e3'],
    ['with a thousands sign between quotes', '"-1,000.00"', '-1,000.00'],
    ['in full-width digits', '－１．００', '－１．００'],
    ['with a full-width comma', '-1，000.00', '-1，000.00'],
    ['bytes that are no text', Buffer.from([0x2d, 0x81, 0x20, 0x30]), ''],
  ])(
    '%s is set aside under its line number with its text, and the others are loaded',
    async (_what, amount, text) => {
      const day = freshDay();
      const members = ALIPAY.members(PRINTED, { day: day.billDate }).map((one, index) =>
        index === ALIPAY.rowsMember ? { ...one, content: withAmount(one.content, amount) } : one,
      );

      const { kept, aside, refunds } = await loaded(day, {
        merchantNo: SELLER_ID,
        open: openAlipayStatement,
        members,
      });

      expect(kept).toMatchObject({ status: 'loaded', refundLines: OTHERS.length, quarantined: 1 });
      expect(refunds).toEqual(OTHERS);
      // Five lines before the rows, then the payment, then the refunds.
      expect(aside).toMatchObject([{ lineNo: 7 + BAD }]);
      expect(aside[0]?.reason).not.toBe('');
      expect(aside[0]?.raw).toContain(refundNo(BAD));
      expect(aside[0]?.raw).toContain(text);
    },
  );
});

/** The detail file with the sums of one refund written in another way. */
function withAmount(content: Buffer, amount: string | Buffer): Buffer {
  const end = content.indexOf(refundNo(BAD));
  const from = content.lastIndexOf('\r\n', end) + 2;
  const row = content.subarray(from, end);
  const written = (Buffer.isBuffer(amount) ? amount : inGb18030(amount)).toString('latin1');
  const changed = row.toString('latin1').replaceAll('-1.00', written);
  return Buffer.concat([content.subarray(0, from), Buffer.from(changed, 'latin1'), content.subarray(end)]);
}

describe('F48 F50: a record of UnionPay', () => {
  test.each<[string, (record: Buffer) => Buffer, string]>([
    ['too short by a byte', (one) => Buffer.concat([one.subarray(0, -3), one.subarray(-2)]), '606 bytes'],
    ['too long by a byte', (one) => Buffer.concat([one.subarray(0, -2), Buffer.from(' \r\n')]), '608 bytes'],
    ['with a decimal point in its amount', amountOf('000000001.00'), 'an amount that cannot be read'],
    ['with an exponent in its amount', amountOf('0000000001e2'), 'an amount that cannot be read'],
    ['with full-width digits in its amount', amountOf('０００１００'), 'an amount that cannot be read'],
    ['with bytes that are no text in its number', numberSpoilt, 'a number that is no text'],
  ])(
    '%s is set aside under its line number with its text, and the others are loaded',
    async (_what, spoil, reason) => {
      const day = freshDay();
      const members = UNIONPAY.members(PRINTED, { day: day.billDate }).map((one, index) =>
        index === UNIONPAY.rowsMember ? { ...one, content: withRecord(one.content, spoil) } : one,
      );

      const { kept, aside, refunds } = await loaded(day, {
        merchantNo: MER_ID,
        open: openUnionpayStatement,
        members,
      });

      expect(kept).toMatchObject({ status: 'loaded', refundLines: OTHERS.length, quarantined: 1 });
      expect(refunds).toEqual(OTHERS);
      expect(aside).toMatchObject([{ lineNo: 2 + BAD, reason: expect.stringContaining(reason) as unknown }]);
      expect(aside[0]?.raw).toContain('S22');
    },
  );
});

const RECORD_BYTES = 609;
const AMOUNT_AT = 66;
const ORDER_AT = 112;

function withRecord(content: Buffer, spoil: (record: Buffer) => Buffer): Buffer {
  const at = RECORD_BYTES * (1 + BAD);
  const record = content.subarray(at, at + RECORD_BYTES);
  return Buffer.concat([content.subarray(0, at), spoil(record), content.subarray(at + RECORD_BYTES)]);
}

function amountOf(text: string): (record: Buffer) => Buffer {
  return (record) => overwritten(record, AMOUNT_AT, inGb18030(text));
}

function numberSpoilt(record: Buffer): Buffer {
  return overwritten(record, ORDER_AT, Buffer.from([0xff, 0xff]));
}

function overwritten(record: Buffer, at: number, bytes: Buffer): Buffer {
  const changed = Buffer.from(record);
  bytes.copy(changed, at);
  return changed;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
