/**
 * The bytes of a bill: CSV in GB 18030 between comment lines, lines ended by CR LF, nothing quoted. Texts end in a tab, so
 * that spreadsheets do not take a number for one. Two files lie in one zip, under names in GBK; the summary comes first.
 */
import type { PlainDate } from '../../domain/time/plain-date.ts';
import { toGb18030 } from '../gb18030.ts';
import { billTime } from '../instants.ts';
import { zipFile } from '../zip-file.ts';
import type { BillPeriod } from './bill-period.ts';

const LINE_END = '\r\n';

export interface BillHead {
  readonly sellerId: string;
  readonly period: BillPeriod;
  readonly madeAtMs: number;
}

export interface Sheet {
  /** `业务明细` or `账务明细`. */
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Comment lines behind the rows, without their mark. */
  readonly footers: readonly string[];
}

/** A number, a name or nothing: never to be taken for a number. */
export function asText(value: string): string {
  return `${onOneLine(value)}\t`;
}

/** What could break the line; a comma cannot be told from one that separates. */
export function onOneLine(value: string): string {
  return value.replaceAll(/[\r\n\t]/g, ' ');
}

/** The owner's account as bills name it. */
export function accountOf(sellerId: string): string {
  return `${sellerId}0156`;
}

/** Both files in a zip. */
export function billZip(head: BillHead, details: Sheet, summary: Sheet): Buffer {
  const stem = `${accountOf(head.sellerId)}_${head.period.name.replaceAll('-', '')}_${details.title}`;
  return zipFile([
    { name: toGb18030(`${stem}(汇总).csv`), content: sheetBytes(head, summary) },
    { name: toGb18030(`${stem}.csv`), content: sheetBytes(head, details) },
  ]);
}

function sheetBytes({ sellerId, period, madeAtMs }: BillHead, sheet: Sheet): Buffer {
  const rule = (end: string, count: number): string =>
    `#-----------------------------------------${sheet.title}列表${end}${'-'.repeat(count)}`;
  const lines = [
    `#支付宝${sheet.title}查询`,
    `#账号：[${accountOf(sellerId)}]`,
    `#起始日期：[${inChinese(period.firstDay)}]   终止日期：[${inChinese(period.endDay)}]`,
    rule('', 40),
    sheet.columns.join(','),
    ...sheet.rows.map((row) => row.join(',')),
    rule('结束', 36),
    ...sheet.footers.map((footer) => `#${footer}`),
    `#导出时间：[${inChineseWords(billTime(madeAtMs))}]`,
  ];
  return toGb18030(lines.map((line) => line + LINE_END).join(''));
}

function inChinese(day: PlainDate): string {
  return inChineseWords(`${day} 00:00:00`);
}

function inChineseWords(time: string): string {
  return `${time.slice(0, 4)}年${time.slice(5, 7)}月${time.slice(8, 10)}日${time.slice(10)}`;
}
