/** What an archive of a month holds, and whether it still does. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { pathFault } from '../path-fault.ts';

export const MANIFEST_VERSION = 'yuanlu month archive 1';
export const MANIFEST_NAME = 'manifest.json';

/** Inside of the archive: no way out of its folder. */
const nameInside = z.string().regex(/^(?:days|statements)\/[0-9A-Za-z._-]+$/);
const fileSchema = z.strictObject({
  file: nameInside,
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ArchivedFile = z.infer<typeof fileSchema>;

const manifestSchema = z.strictObject({
  version: z.literal(MANIFEST_VERSION),
  account_id: z.string(),
  month: z.string(),
  made_at: z.string(),
  /** The newest closing of each day. */
  closings: z.array(fileSchema.extend({ bill_date: z.string(), closing: z.int(), root: z.string() })),
  /** Every delivery of the month, also those that another one took the place of. */
  statements: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.string(),
      bill_date: z.string(),
      part: z.string(),
      revision: z.int(),
      status: z.string(),
      /** Of the unpacked bytes. */
      sha256: z.string().nullable(),
      lines: z.int(),
      /** As it came; null where it was brought by hand, or empty. Its lines are in the file of its closed day. */
      packed: fileSchema.nullable(),
    }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 1)}\n`;
}

export interface ArchiveVerdict {
  readonly intact: boolean;
  readonly manifest: Manifest | null;
  /** By which the books know it. */
  readonly manifestSha256: string | null;
  readonly files: number;
  /** In sentences. */
  readonly wrong: readonly string[];
}

/** Reads all of it again. Whether a closed day is genuine says `yuanlu close verify`. */
export async function verifyArchive(folder: string): Promise<ArchiveVerdict> {
  const nothing = { intact: false, manifest: null, manifestSha256: null, files: 0 };
  const read = await tried(() => readFile(join(folder, MANIFEST_NAME)));
  if (typeof read === 'string') return { ...nothing, wrong: [read] };
  const manifestSha256 = createHash('sha256').update(read).digest('hex');
  const manifest = manifestSchema.safeParse(jsonOf(read));
  if (!manifest.success)
    return { ...nothing, manifestSha256, wrong: [`${MANIFEST_NAME} is no manifest of a month`] };
  const files = [...manifest.data.closings, ...manifest.data.statements.map(({ packed }) => packed)].filter(
    (file) => file !== null,
  );
  const wrong: string[] = [];
  for (const { file, bytes, sha256 } of files) {
    const found = await tried(() => measure(join(folder, file)));
    if (typeof found === 'string') wrong.push(found);
    else if (found.bytes !== bytes || found.sha256 !== sha256)
      wrong.push(`${file}: it is not the file that was archived`);
  }
  return { intact: wrong.length === 0, manifest: manifest.data, manifestSha256, files: files.length, wrong };
}

async function tried<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    const fault = pathFault(error);
    if (fault === null) throw error;
    return fault;
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

async function measure(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    const piece = chunk as Buffer;
    bytes += piece.length;
    hash.update(piece);
  }
  return { bytes, sha256: hash.digest('hex') };
}
