/** Writes GB 18030, which Node only reads: the tables are got by reading every code there is. */

/** Codes of two bytes, and of four for the rest of the basic plane. */
let codes: ReadonlyMap<string, Buffer> | undefined;

/** First of the codes for characters beyond the basic plane, as a number of a mixed base (see {@link fourBytes}). */
const BEYOND_BASIC_PLANE = linear(Buffer.from([0x90, 0x30, 0x81, 0x30]));
/** Codes of four bytes within the basic plane: `81 30 81 30` to `84 31 A4 39`. */
const IN_BASIC_PLANE = linear(Buffer.from([0x84, 0x31, 0xa4, 0x39])) + 1;

export function toGb18030(text: string): Buffer {
  codes ??= readCodes();
  const parts: Buffer[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) parts.push(Buffer.from([point]));
    else if (point > 0xffff) parts.push(fourBytes(BEYOND_BASIC_PLANE + point - 0x10000));
    else parts.push(codes.get(character) ?? Buffer.from('?'));
  }
  return Buffer.concat(parts);
}

function readCodes(): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  const decoder = new TextDecoder('gb18030');
  const take = (code: Buffer): void => {
    const text = decoder.decode(code);
    if (text.length === 1 && text !== '\uFFFD' && !found.has(text)) found.set(text, code);
  };
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail !== 0x7f) take(Buffer.from([lead, trail]));
    }
  }
  for (let no = 0; no < IN_BASIC_PLANE; no += 1) take(fourBytes(no));
  return found;
}

/** Four-byte codes count in digits of 126, 10, 126 and 10. */
function fourBytes(no: number): Buffer {
  return Buffer.from([
    0x81 + Math.floor(no / 12_600),
    0x30 + (Math.floor(no / 1_260) % 10),
    0x81 + (Math.floor(no / 10) % 126),
    0x30 + (no % 10),
  ]);
}

function linear(code: Buffer): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = code;
  return (((first - 0x81) * 10 + second - 0x30) * 126 + third - 0x81) * 10 + fourth - 0x30;
}
