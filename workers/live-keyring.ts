/**
 * The API keys that let somebody in: those of the accounts file, which change with a restart, and those of the database,
 * which change while everything runs. The latter are held in memory and read again every moment, so that a request costs no
 * look at the database, a key that was taken back works no longer than a moment, and one that is away does not shut out
 * whoever was let in before.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { ApiKey, ApiKeyring } from '../api/keys.ts';
import { asScopes, createKeyring } from '../api/keys.ts';
import type { Clock } from '../domain/clock.ts';
import type { KeptApiKey } from '../store/api-keys.ts';
import { liveApiKeyOf, liveApiKeys, noteUses } from '../store/api-keys.ts';
import type { Pool } from '../store/pool.ts';

/** How long a key may work after it was taken back. */
const REFRESH_EVERY_MS = 1_000;

/** Uses are written together, so that a busy key costs one row write in a minute. */
const NOTE_USES_EVERY_MS = 60_000;

/** Looks for keys that nobody has heard of: enough for new keys, too few for guessing to burden the database. */
const MISSES_PER_REFRESH_MAX = 20;

/** What `yuanlu keys create` prints; anything else is not looked for. */
const KEY_TEXT = /^yl_[\w-]{43}$/;

export interface LiveKeyring extends ApiKeyring {
  /** Stops reading, and writes the uses that were not written yet. */
  stop(): Promise<void>;
}

export interface KeyringDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly refreshEveryMs?: number;
}

/** @throws AppError `config_invalid`, `database_unavailable` */
export async function openKeyring(fileKeys: readonly ApiKey[], deps: KeyringDeps): Promise<LiveKeyring> {
  const ofFile = createKeyring(fileKeys);
  const { pool, clock, log } = deps;
  const everyMs = deps.refreshEveryMs ?? REFRESH_EVERY_MS;
  let kept = byDigest(await liveApiKeys(pool, clock.wallNow()));
  let uses = new Map<string, Date>();
  let notedAt = performance.now();
  let misses = 0;
  let stopped = false;
  let timer: NodeJS.Timeout;
  let refreshing: Promise<void> = Promise.resolve();

  const note = async (): Promise<void> => {
    const noted = uses;
    uses = new Map();
    notedAt = performance.now();
    await noteUses(pool, noted);
  };
  const refresh = async (): Promise<void> => {
    try {
      kept = byDigest(await liveApiKeys(pool, clock.wallNow()));
      misses = 0;
      if (performance.now() - notedAt >= NOTE_USES_EVERY_MS) await note();
    } catch (error) {
      log.warn({ err: error }, 'the API keys could not be read again; those known go on');
    }
    if (!stopped) start();
  };
  const start = (): void => {
    timer = setTimeout(() => {
      refreshing = refresh();
    }, everyMs).unref();
  };
  start();

  const lookUp = async (text: string, sha256: string): Promise<KeptApiKey | undefined> => {
    if (!KEY_TEXT.test(text) || misses >= MISSES_PER_REFRESH_MAX) return undefined;
    misses += 1;
    const found = await liveApiKeyOf(pool, sha256, clock.wallNow());
    if (found !== null) kept.set(sha256, found);
    return found ?? undefined;
  };
  return {
    find: async (text) => {
      const known = ofFile.find(text);
      if (known !== undefined) return known;
      // A digest tells nothing about the text: how long it takes to find one is no secret.
      const sha256 = createHash('sha256').update(text, 'utf8').digest('hex');
      const key = kept.get(sha256) ?? (await lookUp(text, sha256));
      const now = clock.wallNow();
      if (key === undefined || (key.expiresAt !== null && key.expiresAt <= now)) return undefined;
      uses.set(key.id, now);
      return {
        id: `key_${key.id}`,
        merchantId: key.merchantId,
        sha256,
        scopes: asScopes(key.scopes),
        ...(key.operator === null ? {} : { operator: key.operator }),
      };
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await refreshing;
      await note().catch((error: unknown) => {
        log.warn({ err: error }, 'when API keys were last used could not be written');
      });
    },
  };
}

function byDigest(keys: readonly KeptApiKey[]): Map<string, KeptApiKey> {
  return new Map(keys.map((key) => [key.sha256, key]));
}
