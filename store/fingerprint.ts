import { createHash } from 'node:crypto';

/**
 * A hash of what a request says, for telling "the same again" from "other content under the same number". Absent and
 * null are the same; the order of fields does not matter.
 */
export function fingerprint(content: Readonly<Record<string, string | null | undefined>>): string {
  const canonical = Object.entries(content)
    .filter(([, value]) => value !== null && value !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}
