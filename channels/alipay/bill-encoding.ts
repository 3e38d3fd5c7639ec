/** In which encoding Alipay writes its files, and what a reader needs to know of it. */

/** Commas, tabs and line ends must be no part of any other character: rows are split before anything is decoded. */
export interface BillEncoding {
  isText(bytes: Buffer): boolean;
  decode(bytes: Uint8Array): string;
  /** The two kinds of business, as rows name them. */
  readonly payment: Buffer;
  readonly refund: Buffer;
  /** What the kinds of business begin with that give something back. */
  readonly givenBack: Buffer;
}

/** What Alipay writes. Some of its pages call it GBK, which is a part of it. */
export const GB18030: BillEncoding = {
  isText: (bytes) => !bytes.includes(0) && (isPairs(bytes) || canBeDecoded(bytes)),
  decode: (bytes) => new TextDecoder('gb18030').decode(bytes),
  // 交易 and 退款.
  payment: Buffer.from([0xbd, 0xbb, 0xd2, 0xd7]),
  refund: Buffer.from([0xcd, 0xcb, 0xbf, 0xee]),
  // 退.
  givenBack: Buffer.from([0xcd, 0xcb]),
};

/** The highest bits of four bytes. */
const NOT_ASCII = 0x80808080;

/**
 * Whether it is ASCII and characters of two bytes, all of which are assigned: nearly all of what is ever written. To decode
 * a file in order to know that it can be decoded would take longer than to read it.
 */
function isPairs(bytes: Buffer): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fours = bytes.length - 3;
  for (let at = 0; at < bytes.length; ) {
    if (at < fours && (view.getUint32(at) & NOT_ASCII) === 0) {
      at += 4;
      continue;
    }
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) {
      at += 1;
      continue;
    }
    if (lead === 0x80 || lead === 0xff || !isTrail(bytes[at + 1])) return false;
    at += 2;
  }
  return true;
}

function isTrail(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x40 && byte !== 0x7f && byte !== 0xff;
}

function canBeDecoded(bytes: Buffer): boolean {
  try {
    new TextDecoder('gb18030', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
