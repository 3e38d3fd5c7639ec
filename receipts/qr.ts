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

/** Codes kept: making one takes milliseconds, and a page is looked at again and again. */
const KEPT_MAX = 1_000;

const kept = new Map<string, QrPath>();

export function qrPath(text: string): QrPath {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const { data, size } = encode(text, { ecc: 'M', boostEcc: false, border: QUIET });
  const made = { size, path: data.map(rowPath).join('') };
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value ?? '');
  kept.set(text, made);
  return made;
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
