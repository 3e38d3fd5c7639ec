/** Writes GB 18030, which Node only reads: the table of two-byte codes is got by reading each of them. */

const codes = new Map<string, readonly [number, number]>();
const decoder = new TextDecoder('gb18030');
for (let lead = 0x81; lead <= 0xfe; lead += 1) {
  for (let trail = 0x40; trail <= 0xfe; trail += 1) {
    if (trail === 0x7f) continue;
    const text = decoder.decode(Uint8Array.of(lead, trail));
    if (text.length === 1 && text !== '\uFFFD' && !codes.has(text)) codes.set(text, [lead, trail]);
  }
}

/** ASCII and characters with a two-byte code. @throws Error for any other */
export function inGb18030(text: string): Buffer {
  const bytes: number[] = [];
  for (const character of text) {
    const code = codes.get(character);
    if (code !== undefined) bytes.push(...code);
    else if (character.charCodeAt(0) < 0x80) bytes.push(character.charCodeAt(0));
    else throw new Error(`no two-byte code for ${character}`);
  }
  return Buffer.from(bytes);
}
