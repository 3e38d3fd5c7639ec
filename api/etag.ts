/**
 * Entity tags (RFC 9110): a strong one is the hash of what is answered, so that two answers with one tag are the same byte
 * for byte, whichever process gave them.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** 128 bits of a SHA-256: nobody gains anything by a clash, and none happens by chance. */
const TAG_CHARACTERS = 22;

/** A conditional header as it came; one that is no list of tags matches nothing. */
export const conditionField = z.string().max(1_000).optional();

/** The strong tag of an answer. */
export function etagOf(resource: object): string {
  const hash = createHash('sha256').update(JSON.stringify(resource)).digest('base64url');
  return `"${hash.slice(0, TAG_CHARACTERS)}"`;
}

/** Whether a list of `If-None-Match` names this tag. Compared weakly: a proxy that packs an answer marks its tag as weak. */
export function namesTag(list: string | undefined, etag: string): boolean {
  return tagsOf(list).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);
}

/** Whether a list of `If-Match` names this tag. Compared strongly: a weak tag never matches. */
export function matchesTag(list: string, etag: string): boolean {
  return tagsOf(list).some((tag) => tag === '*' || tag === etag);
}

function tagsOf(list: string | undefined): readonly string[] {
  return list === undefined ? [] : list.split(',').map((tag) => tag.trim());
}
