/** `yuanlu keys …`: API keys made, listed, exchanged and taken back, directly in the database. */
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { makeApiKey } from '../../api/keys.ts';
import type { KeptApiKey, KeyAct } from '../../store/api-keys.ts';
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '../../store/api-keys.ts';
import { systemClock } from '../../workers/clock.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import { withOwner } from '../owner-database.ts';
import type { CreateKeyFlags, RotateKeyFlags } from '../register-keys.ts';

const LISTED_MAX = 10_000;

/** Time to bring a new key to where the old one is used. */
const OVERLAP_MS = 7 * 86_400_000;

export async function createKeyCommand(options: CreateKeyFlags): Promise<void> {
  const { text, sha256 } = makeApiKey(randomBytes);
  const act = thisAct();
  const key = await withOwner((owner) =>
    createApiKey(
      owner,
      {
        merchantId: options.merchant,
        name: options.name,
        operator: options.operator ?? null,
        sha256,
        scopes: options.scope,
        expiresAt: after(act.now, options.expires),
      },
      act,
    ),
  );
  shown(options.json, text, document(key, act.now), [
    `${idOf(key)} of merchant ${key.merchantId}: ${key.scopes.join(', ')}`,
  ]);
}

export async function rotateKeyCommand(id: string, options: RotateKeyFlags): Promise<void> {
  const { text, sha256 } = makeApiKey(randomBytes);
  const act = thisAct();
  const { made, old } = await withOwner((owner) =>
    rotateApiKey(
      owner,
      {
        id,
        sha256,
        overlapUntil: new Date(act.now.getTime() + (options.overlap ?? OVERLAP_MS)),
        expiresAt: after(act.now, options.expires),
      },
      act,
    ),
  );
  shown(options.json, text, { ...document(made, act.now), replaces: document(old, act.now) }, [
    `${idOf(made)} takes the place of ${idOf(old)}, which works until ${beijingTime(old.expiresAt)} (Beijing)`,
  ]);
}

/** The text goes to stdout alone, so that it can go into a file or a pipe; what is said about it goes to the person. */
function shown(json: boolean, text: string, facts: object, lines: readonly string[]): void {
  const output = createOutput(json);
  for (const line of [...lines, 'Keep this text now: it cannot be shown again.']) output.say(line);
  output.result({ key: text, ...facts }, () => text);
}

export async function revokeKeyCommand(id: string, options: { json: boolean }): Promise<void> {
  const act = thisAct();
  const key = await withOwner((owner) => revokeApiKey(owner, id, act));
  createOutput(options.json).result(
    document(key, act.now),
    () => `${idOf(key)} opens nothing any more, within a second in every process.`,
  );
}

export async function listKeysCommand(options: {
  merchant?: string;
  all: boolean;
  json: boolean;
}): Promise<void> {
  const { now } = thisAct();
  const keys = await withOwner((owner) =>
    listApiKeys(owner, { merchantId: options.merchant ?? null, all: options.all, now, limit: LISTED_MAX }),
  );
  createOutput(options.json).result({ keys: keys.map((key) => document(key, now)) }, () =>
    listText(keys, now),
  );
}

function listText(keys: readonly KeptApiKey[], now: Date): string {
  if (keys.length === 0) return 'No keys in the database. Those of the accounts file are in that file.';
  return table(keys, [
    { head: 'id', cell: idOf },
    { head: 'merchant', cell: (key) => key.merchantId },
    { head: 'name', cell: (key) => key.name },
    { head: 'person', cell: (key) => key.operator ?? '' },
    { head: 'state', cell: (key) => stateOf(key, now) },
    { head: 'scopes', cell: (key) => key.scopes.join(' ') },
    { head: 'made', cell: (key) => beijingTime(key.createdAt) },
    { head: 'expires', cell: (key) => beijingTime(key.expiresAt) },
    { head: 'last used', cell: (key) => beijingTime(key.lastUsedAt) },
  ]);
}

function document(key: KeptApiKey, now: Date): object {
  return {
    id: idOf(key),
    merchant_id: key.merchantId,
    name: key.name,
    operator: key.operator,
    state: stateOf(key, now),
    scopes: key.scopes,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    replaced_by: key.replacedBy === null ? null : `key_${key.replacedBy}`,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
  };
}

/** `replaced`: works still, until it expires. */
function stateOf(key: KeptApiKey, now: Date): 'active' | 'replaced' | 'expired' | 'revoked' {
  if (key.revokedAt !== null) return 'revoked';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  return key.replacedBy === null ? 'active' : 'replaced';
}

function idOf(key: KeptApiKey): string {
  return `key_${key.id}`;
}

/** Keys live in real time, also where business days pass in seconds. */
function thisAct(): KeyAct {
  return { now: systemClock().now(), person: userInfo().username };
}

function after(now: Date, ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(now.getTime() + ms);
}
