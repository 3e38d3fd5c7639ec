/**
 * WeChat Pay's bills in ranges. No field of theirs is quoted, so each line end ends a row: a bill can be cut behind any row. Its
 * reader reads the ranges too, and goes through the file with its rows left unread to find where they are.
 */
import type {
  RangeJoiner,
  RangeReader,
  StatementRanges,
  StatementSkimmer,
} from '../../domain/statement/ranges.ts';
import { unpack } from '../unpack.ts';
import { WechatBillReader } from './bill-reader.ts';
import type { BillRows } from './bill-rows.ts';

export const WECHAT_RANGES: StatementRanges = {
  skim: (packed) => ({ bytes: unpack(packed), skimmer: new BillSkimmer() }),
  reader: (head, place) => {
    const reader = new WechatBillReader(undefined, { head, place });
    return {
      push: (chunk) => reader.push(chunk),
      end: () => reader.endOfBytes(),
      findings: () => reader.findings(),
    } satisfies RangeReader;
  },
  joiner: (head) => {
    const whole = new WechatBillReader(undefined, { head, place: { lines: 1, bytes: 0 } });
    return {
      add: (found) => {
        whole.add(found);
      },
      end: () => {
        whole.judge();
        return whole.summary();
      },
    } satisfies RangeJoiner;
  },
};

class BillSkimmer implements StatementSkimmer {
  readonly #reader = new WechatBillReader(() => new UnreadRows());

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  place(): ReturnType<StatementSkimmer['place']> {
    return this.#reader.place();
  }

  /** How many rows cannot be read is known when they were. */
  end(): ReturnType<StatementSkimmer['end']> {
    this.#reader.endOfBytes();
    this.#reader.refuseUnsummed();
    return this.#reader.head();
  }
}

/** Finds where each row ends, and nothing else. */
class UnreadRows implements BillRows {
  #lineEnd = 0;

  read(bytes: Buffer, from: number, eol: number): 'line' {
    this.#lineEnd = bytes.indexOf(eol, from);
    return 'line';
  }

  lineEnd(): number {
    return this.#lineEnd;
  }

  skip(): void {
    // Not counted here.
  }

  add(): void {
    // Nothing is added up here.
  }

  totals(): ReturnType<BillRows['totals']> {
    return {};
  }

  unread(): ReadonlySet<string> {
    return new Set();
  }

  merchantNos(): readonly string[] {
    return [];
  }

  days(): ReturnType<BillRows['days']> {
    return { first: 0, last: 0 };
  }

  findings(): ReturnType<BillRows['findings']> {
    return { sums: {}, merchantNos: [], firstDay: 0, lastDay: 0 };
  }
}
