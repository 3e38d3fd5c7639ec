/** From the packed bill to breaks in the books, and row by row as the yardstick. */
import type { MatchResult } from '../store/match.ts';
import { matchStatement, sweepMissing } from '../store/match.ts';
import type { Pool } from '../store/pool.ts';
import { createPool } from '../store/pool.ts';
import { importStatement, recordEmptyStatement } from '../store/statements.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';
import { unpack } from '../channels/unpack.ts';
import { wechatBillReader } from '../channels/wechat/bill-reader.ts';
import type { MadeUpRefund } from './bill.ts';
import { ACCOUNT, BILL_DATE, hourAfter, MERCHANT_NO, writeBill } from './bill.ts';
import { describeBill, packed } from './reading.ts';

export interface WholeWay {
  readonly lines: number;
  readonly importMs: number;
  readonly matchMs: number;
  readonly sweepMs: number;
  readonly outcome: 'loaded' | 'same';
  /** What was found, to be compared with what was made up. */
  readonly found: {
    readonly matched: number;
    readonly byChannelNumber: number;
    readonly breaks: Record<string, number>;
  };
}

export function ingestPool(url: string): Pool {
  return createPool({ url, role: 'yuanlu_ingest', max: 4, name: 'bench' });
}

/** A packed bill, and of its unpacked bytes how many there are and the hash that the channel gives with the address. */
export interface Bill {
  readonly date: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha1: string;
}

/** Writes the bill of these refunds. */
export async function billOn(date: string, path: string, refunds: readonly MadeUpRefund[]): Promise<Bill> {
  await writeBill(path, refunds);
  return { date, path, ...(await describeBill(path)) };
}

/** Imports, matches, and looks for what is missing: everything that happens with a statement, as the worker does it. */
export async function wholeWay(ingest: Pool, bill: Bill): Promise<WholeWay> {
  const importedAt = hourAfter(bill.date, 1);
  const began = performance.now();
  const loaded = await importStatement(ingest, {
    accountId: ACCOUNT,
    kind: 'trade',
    billDate: bill.date,
    source: unpack(packed(bill.path)),
    reader: wechatBillReader(),
    uri: null,
    expectHash: { algorithm: 'sha1', hex: bill.sha1 },
    expectMerchantNo: MERCHANT_NO,
    now: importedAt,
  });
  const imported = performance.now();
  const base = { lines: loaded.summary.lines, importMs: imported - began, outcome: loaded.outcome };
  if (loaded.outcome === 'same') {
    return { ...base, matchMs: 0, sweepMs: 0, found: { matched: 0, byChannelNumber: 0, breaks: {} } };
  }
  const result = await matchStatement(ingest, loaded.fileId, { now: importedAt });
  const matched = performance.now();
  const sweptAt = hourAfter(bill.date, 2);
  await recordEmptyStatement(ingest, {
    accountId: ACCOUNT,
    kind: 'trade',
    billDate: beijingDateOf(importedAt),
    now: sweptAt,
  });
  const sweepBegan = performance.now();
  const { opened } = await sweepMissing(ingest, {
    accountId: ACCOUNT,
    asOf: sweptAt,
    line: { proves: 'acceptance', dayEndsEarlyMs: 0 },
  });
  const swept = performance.now();
  return {
    ...base,
    matchMs: matched - imported,
    sweepMs: swept - sweepBegan,
    found: foundIn(result, opened),
  };
}

function foundIn(result: MatchResult, missing: number): WholeWay['found'] {
  const { refundNo, channelRefundNo, transactionAmount } = result;
  return {
    matched: refundNo + channelRefundNo + transactionAmount,
    byChannelNumber: channelRefundNo,
    breaks: { ...result.breaks, missing_at_channel: missing },
  };
}

/**
 * Row by row, as it is often written: for each line a question to the books and an insert of what was found, all in one
 * transaction so that no commit slows it down. Returns lines a second.
 */
export async function rowByRow(owner: Pool, sampleLines: number): Promise<number> {
  const tx = await owner.connect();
  try {
    const { rows: lines } = await tx.query<{ refund_no: string; amount_minor: bigint }>(
      `select refund_no, amount_minor from yuanlu.statement_lines where account_id = $1 and bill_date = $2 order by line_no limit $3`,
      [ACCOUNT, BILL_DATE, sampleLines],
    );
    await tx.query('begin');
    await tx.query('create temp table verdicts (refund_id bigint, agrees boolean) on commit drop');
    const began = performance.now();
    for (const line of lines) {
      const found = await tx.query<{ id: bigint; amount_minor: bigint }>({
        name: 'ask',
        text: 'select id, amount_minor from yuanlu.refunds where account_id = $1 and refund_no = $2',
        values: [ACCOUNT, line.refund_no],
      });
      const refund = found.rows[0];
      await tx.query({
        name: 'tell',
        text: 'insert into verdicts values ($1, $2)',
        values: [refund?.id ?? null, refund?.amount_minor === line.amount_minor],
      });
    }
    const seconds = (performance.now() - began) / 1000;
    await tx.query('rollback');
    return lines.length / seconds;
  } finally {
    tx.release();
  }
}
