/**
 * What the command prints: results on stdout (one JSON document with --json, tables for people without), everything
 * else on stderr, so that a program can read the one while a person watches the other.
 */
import { beijingTimeOf } from '../domain/time/plain-date.ts';

export interface Output {
  readonly json: boolean;
  /** The result: the document with --json, the text without. */
  result(document: unknown, text: () => string): void;
  /** A line for the person who waits. */
  say(line: string): void;
}

export function createOutput(json: boolean): Output {
  return {
    json,
    result: (document, text) => {
      process.stdout.write(`${json ? JSON.stringify(document, jsonValue) : text()}\n`);
    },
    say: (line) => {
      process.stderr.write(`${line}\n`);
    },
  };
}

/** Minor units and ids are strings in JSON: a number would lose digits. */
function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

export interface Column<Row> {
  readonly head: string;
  readonly align?: 'right';
  cell(row: Row): string;
}

/** A table for people: columns as wide as their widest cell, figures to the right. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map((column) => onOneLine(column.cell(row))));
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.head), ...cells.map((line) => displayWidth(line[index] ?? ''))),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align === 'right'))
      .join('  ')
      .trimEnd();
  return [
    line(columns.map((column) => column.head)),
    line(widths.map((width) => '─'.repeat(width))),
    ...cells.map(line),
  ].join('\n');
}

/** A cell may hold a file's name or a channel's text: nothing in it may move the cursor or colour the screen. */
export function onOneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '·');
}

function pad(text: string, width: number, right: boolean): string {
  const blank = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return right ? blank + text : text + blank;
}

const WIDE = /[ᄀ-ᅟ⺀-꓏가-힣豈-﫿︰-﹯＀-｠￠-￦\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Terminal columns of a text: East Asian wide characters and pictographs take two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}

/** Whole numbers with thousands separators. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** How many of something, in words: `1 refund`, `1,234 refunds`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Business time in Beijing for people, e.g. `2026-09-03 14:05`. Empty for null. */
export function beijingTime(instant: Date | null): string {
  if (instant === null) return '';
  return beijingTimeOf(instant).slice(0, 'yyyy-MM-dd HH:mm'.length);
}

/**
 * Progress on stderr: one line that is rewritten on a terminal, one line every few seconds elsewhere, always the newest
 * text. `done` leaves the last state standing.
 */
export function progress(everyMs = 2_000): { update(text: string): void; done(): void } {
  return process.stderr.isTTY ? terminalProgress() : filedProgress(everyMs);
}

/**
 * Progress through business days: on a terminal as {@link progress}, elsewhere a line for each day and for each other thing that
 * is said of it, not for each count: a log of a month is as long as the month, however slow the machine.
 */
export function progressByDay(): { update(text: string): void; done(): void } {
  if (process.stderr.isTTY) return terminalProgress();
  let told: string | null = null;
  return {
    update: (text) => {
      const step = `${DATE.exec(text)?.[0] ?? ''} ${text.replace(/[0-9]+/g, '')}`;
      if (step !== told) process.stderr.write(`${text}\n`);
      told = step;
    },
    done: () => undefined,
  };
}

const DATE = /[0-9]{4}-[0-9]{2}-[0-9]{2}/;

function terminalProgress(): { update(text: string): void; done(): void } {
  let open = false;
  return {
    update: (text) => {
      process.stderr.write(`\r\u001b[2K${text}`);
      open = true;
    },
    done: () => {
      if (open) process.stderr.write('\n');
      open = false;
    },
  };
}

/** Counts from the start of the process: a command that is done before the first line is due says nothing. */
function filedProgress(everyMs: number): { update(text: string): void; done(): void } {
  let lastAt = 0;
  let newest = '';
  let due: NodeJS.Timeout | null = null;
  const write = (): void => {
    due = null;
    lastAt = performance.now();
    process.stderr.write(`${newest}\n`);
  };
  return {
    update: (text) => {
      newest = text;
      const waitMs = lastAt + everyMs - performance.now();
      if (waitMs <= 0) {
        if (due !== null) clearTimeout(due);
        write();
      } else due ??= setTimeout(write, waitMs).unref();
    },
    done: () => {
      if (due !== null) clearTimeout(due);
      due = null;
    },
  };
}
