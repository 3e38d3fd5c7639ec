/** The type of papers: complete for Chinese, from a package, so that no machine needs to have it installed. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const PACKAGE = '@embedpdf/fonts-sc';

/** Folder of the font files, for whoever has to install them for a browser. */
function fontFolder(): string {
  const entry = createRequire(import.meta.url).resolve(PACKAGE);
  return join(dirname(entry), '..', 'fonts');
}

export type Weight = 'Regular' | 'Bold';

const read = new Map<Weight, Buffer>();

/** Each weighs 8 MB: read once. */
export function fontBytes(weight: Weight): Buffer {
  const known = read.get(weight);
  if (known !== undefined) return known;
  const bytes = readFileSync(join(fontFolder(), `NotoSansHans-${weight}.otf`));
  read.set(weight, bytes);
  return bytes;
}
