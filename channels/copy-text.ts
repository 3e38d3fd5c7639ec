/**
 * COPY text, written byte by byte: columns separated by tabs, rows ended by LF, `\N` for nothing, and a backslash before
 * what would otherwise mean one of these.
 */
import { CR, LF } from './byte-fields.ts';

const TAB = 0x09;
const BACKSLASH = 0x5c;
const ZERO = 0x30;

const SMALL_INTEGER = 2 ** 31;
const LOW_DIGITS = 1_000_000_000;

/** Room beside a row's own text: numbers, separators, time zone. */
const ROW_EXTRA_BYTES = 256;
const FIRST_BYTES = 4096;

const NOTHING = Buffer.alloc(0);

export class CopyText {
  #bytes: Buffer = NOTHING;
  #length = 0;
  #expected = FIRST_BYTES;

  /** How much text is likely to come before the next {@link take}. */
  expect(bytes: number): void {
    this.#expected = Math.max(bytes, FIRST_BYTES);
  }

  /** Makes sure that all of a row of `rowBytes` can be written, each of its bytes escaped. */
  reserve(rowBytes: number): void {
    const needed = this.#length + 2 * rowBytes + ROW_EXTRA_BYTES;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#expected, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  /** All text since the last call. It is the caller's: its bytes are not used again. */
  take(): Buffer {
    if (this.#length === 0) return NOTHING;
    const text = this.#bytes.subarray(0, this.#length);
    this.#bytes = NOTHING;
    this.#length = 0;
    return text;
  }

  /** A whole number and a tab. Any integer of at most 15 digits. */
  integer(value: number): void {
    let rest = value;
    if (rest < 0) {
      this.#bytes[this.#length++] = 0x2d;
      rest = -rest;
    }
    if (rest < SMALL_INTEGER) {
      this.#digits(rest, countDigits(rest));
    } else {
      const high = Math.floor(rest / LOW_DIGITS);
      this.#digits(high, countDigits(high));
      this.#digits(rest - high * LOW_DIGITS, 9);
    }
    this.#bytes[this.#length++] = TAB;
  }

  #digits(value: number, digits: number): void {
    const bytes = this.#bytes;
    let rest = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at -= 1) {
      const tenth = (rest / 10) | 0;
      bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#length += digits;
  }

  /** A field and a tab; an empty field is nothing. */
  field(source: Buffer, from: number, to: number): void {
    if (from === to) {
      this.nothing();
      return;
    }
    const bytes = this.#bytes;
    let length = this.#length;
    for (let at = from; at < to; at += 1) {
      const byte = source[at] ?? 0;
      if (byte === BACKSLASH || (byte < 0x20 && escaped(byte) !== byte)) {
        bytes[length++] = BACKSLASH;
        bytes[length++] = escaped(byte);
      } else {
        bytes[length++] = byte;
      }
    }
    bytes[length++] = TAB;
    this.#length = length;
  }

  /** Text of our own that needs no escape, and a tab. */
  word(text: Buffer): void {
    const bytes = this.#bytes;
    let length = this.#length;
    for (let at = 0; at < text.length; at += 1) bytes[length++] = text[at] ?? 0;
    bytes[length++] = TAB;
    this.#length = length;
  }

  /** `yyyy-MM-dd HH:mm:ss` at `from` with the offset of Beijing, and a tab. */
  time(source: Buffer, from: number): void {
    const bytes = this.#bytes;
    let length = this.#length;
    for (let at = from; at < from + 19; at += 1) bytes[length++] = source[at] ?? 0;
    bytes[length++] = 0x2b;
    bytes[length++] = ZERO;
    bytes[length++] = ZERO + 8;
    bytes[length++] = TAB;
    this.#length = length;
  }

  /** SQL null and a tab. */
  nothing(): void {
    const bytes = this.#bytes;
    bytes[this.#length++] = BACKSLASH;
    bytes[this.#length++] = 0x4e;
    bytes[this.#length++] = TAB;
  }

  /** Makes the last tab the end of the row. */
  endRow(): void {
    this.#bytes[this.#length - 1] = LF;
  }
}

/** The letter that stands for a control character after a backslash; the byte itself where none is needed. */
function escaped(byte: number): number {
  if (byte === TAB) return 0x74;
  if (byte === LF) return 0x6e;
  if (byte === CR) return 0x72;
  return byte;
}

function countDigits(value: number): number {
  let digits = 1;
  for (let limit = 10; digits < 10 && value >= limit; limit *= 10) digits += 1;
  return digits;
}
