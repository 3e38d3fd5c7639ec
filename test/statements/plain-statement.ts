/**
 * A statement format of the tests' own, so that importing and matching are tested without any channel's reader:
 *   plain,<merchant>
 *   refund,<yyyy-mm-dd hh:mm:ss>,<transaction>,<channel refund no>,<refund no>,<minor units>
 *   refund:<status>,…, adjustment:<in|out>,…   as `refund`
 *   total,<rows>,<sum of minor units>
 * A row that has another shape is kept aside.
 */
import { AppError } from '../../domain/errors.ts';
import type { QuarantinedLine, StatementReader, StatementSummary } from '../../domain/statement/statement.ts';

export interface PlainLine {
  readonly type?: 'refund' | `refund:${string}` | 'payment' | 'adjustment:in' | 'adjustment:out';
  /** Beijing time, `yyyy-mm-dd hh:mm:ss`. */
  readonly at: string;
  readonly transactionId?: string;
  readonly channelRefundNo?: string;
  readonly refundNo?: string;
  readonly amount: number;
}

export const MERCHANT_NO = '1900000109';

export function plainStatement(lines: readonly PlainLine[], merchantNo = MERCHANT_NO): string {
  const rows = lines.map((line) =>
    [
      line.type ?? 'refund',
      line.at,
      line.transactionId ?? '',
      line.channelRefundNo ?? '',
      line.refundNo ?? '',
      String(line.amount),
    ].join(','),
  );
  const sum = lines.reduce((total, line) => total + line.amount, 0);
  return [`plain,${merchantNo}`, ...rows, `total,${String(lines.length)},${String(sum)}`, ''].join('\n');
}

/** The text as chunks of the given size, so that rows are cut anywhere. */
export async function* chunksOf(text: string | Buffer, size = 1000): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

export function plainReader(kind: 'trade' | 'fund_flow' = 'trade'): StatementReader {
  let rest = '';
  let lineNo = 0;
  let offset = 0;
  let merchantNo = '';
  let declared: { rows: bigint; sum: bigint } | null = null;
  let copied = 0;
  let refunds = 0;
  let sum = 0n;
  const quarantined: QuarantinedLine[] = [];
  const dates = new Set<string>();

  const row = (text: string): string => {
    lineNo += 1;
    const byteOffset = offset;
    offset += Buffer.byteLength(text) + 1;
    const cells = text.split(',');
    const [type = '', at = '', transactionId = '', channelRefundNo = '', refundNo = '', amount = ''] = cells;
    if (lineNo === 1) {
      if (type !== 'plain') throw new AppError('statement_unrecognised', { header: text.slice(0, 20) });
      merchantNo = at;
      return '';
    }
    if (type === 'total') {
      declared = { rows: BigInt(at), sum: BigInt(transactionId) };
      return '';
    }
    if (cells.length !== 6 || !/^-?[0-9]+$/.test(amount)) {
      quarantined.push({
        lineNo,
        byteOffset,
        code: 'line_columns_differ',
        reason: 'row has another shape',
        raw: text.slice(0, 2000),
      });
      return '';
    }
    copied += 1;
    if (type.startsWith('refund')) refunds += 1;
    sum += BigInt(amount);
    dates.add(at.slice(0, 10));
    const text3 = [transactionId, '', channelRefundNo, refundNo].map((cell) => (cell === '' ? '\\N' : cell));
    const [lineType, status = '\\N'] = type.split(':');
    return `${[lineNo, lineType, `${at}+08`, ...text3, amount, amount, '0', 'CNY', status, '\\N'].join('\t')}\n`;
  };

  return {
    push(chunk) {
      const texts = (rest + chunk.toString('utf8')).split('\n');
      rest = texts.pop() ?? '';
      return Buffer.from(texts.map(row).join(''));
    },
    end() {
      if (rest !== '') throw new AppError('statement_truncated', { rest: rest.length });
      if (declared === null) throw new AppError('statement_summary_missing', { rows: lineNo });
      return Buffer.alloc(0);
    },
    summary(): StatementSummary {
      const lines = copied + quarantined.length;
      const sorted = [...dates].sort();
      return {
        kind,
        variant: 'plain',
        lines,
        refundLines: refunds,
        quarantined,
        quarantinedCount: quarantined.length,
        currency: 'CNY',
        totals: {
          declared: { rows: declared?.rows ?? 0n, amount_minor: declared?.sum ?? 0n },
          computed: { rows: BigInt(lines), amount_minor: sum },
          agree: declared?.rows === BigInt(lines) && (declared.sum === sum || quarantined.length > 0),
        },
        merchantNos: merchantNo === '' ? [] : [merchantNo],
        firstDate: sorted[0] ?? null,
        lastDate: sorted.at(-1) ?? null,
      };
    },
  };
}
