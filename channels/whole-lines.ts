/** Cuts the bytes of a statement, as they come in, behind the last whole line of each piece. */
import { AppError } from '../domain/errors.ts';
import { CR, LF } from './byte-fields.ts';

const NOTHING = Buffer.alloc(0);

/** No byte: no line has ended yet. */
const UNDECIDED = -1;

/**
 * The first line end of a file says what all of them are: CR LF and LF are both found by their LF; CR alone is met in
 * files that went through a spreadsheet. The chunks themselves are neither kept nor changed.
 */
export class WholeLines {
  #eol: number;
  /** Pieces of the line that has no end yet, joined only when it has one: it may come in a thousand pieces. */
  #pieces: Buffer[] = [];
  #pending = 0;
  #at: number;
  #given = 0;

  /** @param from left out, a file from its beginning; else a later piece of one: what ends its lines, and the bytes before it */
  constructor(from: { readonly eol: number; readonly bytes: number } = { eol: UNDECIDED, bytes: 0 }) {
    this.#eol = from.eol;
    this.#at = from.bytes;
  }

  /** The byte that ends a line. */
  get eol(): number {
    return this.#eol === UNDECIDED ? LF : this.#eol;
  }

  /** How many bytes there are of the line that has no end yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Place in the file of the first byte that {@link add} or {@link rest} returned last. */
  get at(): number {
    return this.#at;
  }

  /** Place in the file behind the last whole line. */
  get end(): number {
    return this.#at + this.#given;
  }

  /**
   * The lines that `chunk` made whole, with their ends: none, some, or two pieces of them. The line that it ends is joined; the
   * others stay where they are, for copying them would take longer than much that is done with them.
   */
  *add(chunk: Buffer): Generator<Buffer, void> {
    if (!this.#mayEndLine(chunk)) {
      this.#keep(chunk);
      return;
    }
    const ended =
      this.#pieces.length === 0 || this.#eol === UNDECIDED ? chunk.length : chunk.indexOf(this.#eol) + 1;
    yield* this.#whole(this.rest(chunk.subarray(0, ended)));
    if (ended < chunk.length) yield* this.#whole(this.rest(chunk.subarray(ended)));
  }

  /** Keeps back what comes behind the last line end. */
  *#whole(bytes: Buffer): Generator<Buffer, void> {
    if (this.#eol === UNDECIDED) this.#eol = firstLineEnd(bytes);
    this.#given = this.#eol === UNDECIDED ? 0 : bytes.lastIndexOf(this.#eol) + 1;
    this.#keep(bytes.subarray(this.#given));
    if (this.#given > 0) yield bytes.subarray(0, this.#given);
  }

  /** Everything not returned yet, and `last` behind it. */
  rest(last: Buffer = NOTHING): Buffer {
    const bytes = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#at += this.#given;
    this.#given = 0;
    this.#pieces = [];
    this.#pending = 0;
    return bytes;
  }

  #mayEndLine(chunk: Buffer): boolean {
    if (this.#eol !== UNDECIDED) return chunk.includes(this.#eol);
    // A CR that came last means something else before an LF than before anything else.
    return chunk.includes(LF) || chunk.includes(CR) || this.#pieces.at(-1)?.at(-1) === CR;
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(Buffer.from(piece));
    this.#pending += piece.length;
  }
}

/** Refuses a line beyond what any row can be. @throws AppError `statement_too_large`, naming the line */
export function refuseLongLine(sizeBytes: number, bytesMax: number, line: number): void {
  if (sizeBytes <= bytesMax) return;
  throw new AppError('statement_too_large', { line, cap: 'bytes of a line', cap_bytes: bytesMax });
}

/** The byte that ends the first line. */
function firstLineEnd(bytes: Buffer): number {
  const lf = bytes.indexOf(LF);
  const cr = bytes.indexOf(CR);
  if (cr === -1 || (lf !== -1 && lf < cr)) return lf === -1 ? UNDECIDED : LF;
  if (cr + 1 === bytes.length) return UNDECIDED;
  return bytes[cr + 1] === LF ? LF : CR;
}
