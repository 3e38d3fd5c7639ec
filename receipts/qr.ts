/** QR codes as one path: small in a page, sharp on paper. */
import { encode } from 'uqr';

export interface QrPath {
  /** Modules along a side, the quiet zone among them. */
  readonly size: number;
  /** For an SVG path or a PDF: one closed rectangle per run of dark modules. */
  readonly path: string;
}

/** Modules of white around it, as readers want them. */
const QUIET = 4;

/**
 * The standard's pattern 3, always. Trying all eight, to take the one with the fewest pieces that look alike, takes ten times
 * as long, and a claim is mostly a signature: as even as chance before any pattern is laid over it. Readers read them all.
 */
const MASK = 3;

export function qrPath(text: string): QrPath {
  const { data, size } = encode(text, { ecc: 'M', boostEcc: false, border: QUIET, maskPattern: MASK });
  return { size, path: data.map(rowPath).join('') };
}

function rowPath(row: readonly boolean[], y: number): string {
  let path = '';
  for (let x = 0; x < row.length; x += 1) {
    if (row[x] !== true) continue;
    const from = x;
    while (row[x + 1] === true) x += 1;
    path += `M${String(from)} ${String(y)}h${String(x - from + 1)}v1H${String(from)}z`;
  }
  return path;
}
