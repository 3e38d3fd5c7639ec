/**
 * The refund list: CSV as people export it from their own systems, read as a stream. Rows of other channels are counted
 * and left out. Everything that is wrong with the list is said at once, with line numbers.
 */
import { pipeline } from 'node:stream';
import type { CsvError } from 'csv-parse';
import { parse } from 'csv-parse';
import { ListBytesRefused, checkedBytes } from './list-bytes.ts';
import type { ListHeader } from './list-header.ts';
import { readHeader } from './list-header.ts';
import type { ListedRefund, RowRules } from './list-row.ts';
import { cellOf, readRow } from './list-row.ts';
import { NumberSet } from './number-set.ts';
import { ListProblems, quoted } from './problems.ts';

/** The documented fields add up to less than 1 KiB; a line beyond this is no row, or a quote is never closed. */
const RECORD_CHARACTERS_MAX = 64 * 1024;
/** Rows that are handed on together. */
const BATCH_ROWS = 1_000;
/** Names of other channels that are told apart; a list with more of them has something else in that column. */
const OTHER_CHANNELS_MAX = 20;
/** How those beyond are called, together. */
export const MORE_CHANNELS = 'others';

export interface ListOptions {
  /** How messages call the file. */
  readonly file: string;
  readonly channel: string;
  readonly rules: RowRules;
}

/** What is known of a list once it was read. */
export interface ListSummary {
  /** Refunds of the channel. */
  readonly refunds: number;
  /** Whether some number seems to be there more than once; false is certain. */
  readonly mayNameTwice: boolean;
  /** Rows of other channels, by the name that the list gives. */
  readonly otherChannels: Readonly<Record<string, number>>;
  /** Columns without a meaning for us. */
  readonly ignoredColumns: readonly string[];
}

export class RefundListReader {
  readonly #options: ListOptions;
  readonly #problems = new ListProblems();
  readonly #otherChannels = new Map<string, number>();
  #header: ListHeader | null = null;
  readonly #numbers = new NumberSet();
  #refunds = 0;
  #mayNameTwice = false;
  #line = 1;

  constructor(options: ListOptions) {
    this.#options = options;
  }

  summary(): ListSummary {
    return {
      refunds: this.#refunds,
      mayNameTwice: this.#mayNameTwice,
      otherChannels: Object.fromEntries(this.#otherChannels),
      ignoredColumns: this.#header?.ignored ?? [],
    };
  }

  /**
   * The refunds of the channel, in the order of the list. After the first problem only problems are looked for.
   * @throws AppError `refund_list_invalid` at the end of a list with problems, naming them
   */
  async *read(source: AsyncIterable<Buffer>): AsyncGenerator<ListedRefund[], void> {
    let batch: ListedRefund[] = [];
    for await (const cells of this.#records(source)) {
      const refund = this.#take(cells);
      if (refund === null) continue;
      batch.push(refund);
      if (batch.length < BATCH_ROWS) continue;
      yield batch;
      batch = [];
    }
    if (this.#problems.any) throw this.#problems.refusal(this.#options.file);
    if (batch.length > 0) yield batch;
  }

  async *#records(source: AsyncIterable<Buffer>): AsyncGenerator<string[], void> {
    const parser = parse({
      ...{ bom: true, relax_column_count: true, max_record_size: RECORD_CHARACTERS_MAX },
      // An error of the stream would throw away the rows before it that were not handed out yet.
      skip_records_with_error: true,
    });
    const faults: CsvError[] = [];
    parser.on('skip', (fault: CsvError) => faults.push(fault));
    // The callback is for the pipeline's own end; an error of either side also ends the loop below.
    pipeline(checkedBytes(source, this.#problems), parser, () => undefined);
    let records = 0;
    try {
      for await (const cells of parser as AsyncIterable<string[]>) {
        // What comes after a broken row is guesswork.
        if (faults[0]?.['records'] === records) break;
        records += 1;
        yield cells;
      }
    } catch (error) {
      if (!(error instanceof ListBytesRefused)) throw error;
      throw this.#problems.refusal(this.#options.file, { cause: error });
    }
    const [fault] = faults;
    if (fault !== undefined) this.#problems.add(this.#csvProblem(fault));
    if (this.#header === null && !this.#problems.any) this.#problems.add('line 1: there is no header');
  }

  /** The refund of a row; null for the header, blank lines, other channels, and rows with problems. */
  #take(cells: readonly string[]): ListedRefund | null {
    const line = this.#line;
    this.#line += linesOf(cells);
    const isBlank = cells.length === 1 && cells[0]?.trim() === '';
    if (isBlank) return null;
    if (this.#header === null) {
      // A list without its header is not looked at further: every line would be wrong.
      if (!this.#problems.any) this.#takeHeader(cells);
      return null;
    }
    if (cells.length !== this.#header.width) {
      this.#problems.add(
        `line ${String(line)}: has ${String(cells.length)} fields, the header has ${String(this.#header.width)}`,
      );
      return null;
    }
    const channel = cellOf(cells, this.#header, 'channel').toLowerCase();
    if (channel === '') this.#problems.add(`line ${String(line)}: channel is empty`);
    if (channel !== this.#options.channel) {
      this.#countOther(channel);
      return null;
    }
    return this.#takeRefund(cells, this.#header, line);
  }

  #takeHeader(cells: readonly string[]): void {
    const header = readHeader(cells);
    if ('at' in header) this.#header = header;
    else for (const problem of header.problems) this.#problems.add(problem);
  }

  #takeRefund(cells: readonly string[], header: ListHeader, line: number): ListedRefund | null {
    const row = readRow(cells, header, this.#options.rules, line);
    if ('problems' in row) {
      for (const problem of row.problems) this.#problems.add(problem);
      return null;
    }
    this.#refunds += 1;
    if (this.#numbers.add(row.refundNo)) this.#mayNameTwice = true;
    return this.#problems.any ? null : row;
  }

  #countOther(channel: string): void {
    const known = this.#otherChannels.has(channel) || this.#otherChannels.size < OTHER_CHANNELS_MAX;
    const name = known ? channel : MORE_CHANNELS;
    this.#otherChannels.set(name, (this.#otherChannels.get(name) ?? 0) + 1);
  }

  #csvProblem(error: CsvError): string {
    const line = `line ${String(this.#line)}`;
    switch (error.code) {
      case 'CSV_MAX_RECORD_SIZE':
        return `${line}: longer than ${String(RECORD_CHARACTERS_MAX / 1024)} KiB: a quote that is never closed, or not a list`;
      case 'CSV_QUOTE_NOT_CLOSED':
        return `${line}: a quote is opened and never closed`;
      case 'INVALID_OPENING_QUOTE':
        return `${line}: a quote inside a field that does not begin with one`;
      default:
        return `${line}: ${quoted(error.message)}`;
    }
  }
}

/** Lines of the file that a record takes: line breaks inside quotes are part of it. */
function linesOf(cells: readonly string[]): number {
  let lines = 1;
  for (const cell of cells) {
    if (cell.includes('\n') || cell.includes('\r')) lines += (cell.match(/\r\n|\n|\r/g) ?? []).length;
  }
  return lines;
}
