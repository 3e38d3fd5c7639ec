/**
 * Keeps a sandbox's world on disk between starts: payments, refunds, the ledger, bills, notices, keys. The whole of it is
 * one file, written beside and put in place, so that there is always one whole world: the newest, or the one before. What
 * a request changed is kept before its answer leaves, so that nobody was told what a kill could undo.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../domain/clock.ts';
import type { ChannelName } from '../domain/refund/refund.ts';
import type { Agenda } from './agenda.ts';
import { isTurnable } from './turnable-clock.ts';

/** Raised with every change of what is kept: an older world is put aside, never half read. */
const VERSION = 1;
/** What no request changed (notices that were taken, what fell due) is kept this often, wall time. */
const KEPT_EVERY_MS = 1_000;
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** Where a sandbox keeps its world. */
export interface KeepOptions {
  readonly folder: string;
  /** Hears what a person should know: that a world was put aside, or cannot be written. */
  readonly say: (line: string) => void;
}

export interface KeptParts<S> {
  readonly channel: ChannelName;
  /** The channel's own key: a world of other keys is somebody else's. */
  readonly owner: string;
  readonly clock: Clock;
  readonly agenda: Agenda;
  snapshot(): S;
  /** @param atMs What was due until then had happened when the world was kept; all later is to be planned again */
  restore(kept: S, atMs: number): void;
}

export interface Keeping {
  /** Keeps the world as it is now; resolves when it is on the disk. Never rejects: what is wrong is said. */
  save(): Promise<void>;
  stop(): Promise<void>;
}

interface Header {
  readonly yuanlu_sandbox: string;
  readonly version: number;
  readonly owner: string;
  readonly sha256: string;
}

interface Content<S> {
  readonly atMs: number;
  readonly state: S;
}

/** Brings the world back that was kept, and keeps it from now on. */
export async function keepWorld<S>(parts: KeptParts<S>, o: KeepOptions): Promise<Keeping> {
  await mkdir(o.folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const path = join(o.folder, `${parts.channel}.world`);
  const kept = await readWorld(parts, path, o.say);
  if (kept !== null) {
    // Time that was set forward does not go back: what happened at it has happened.
    if (isTurnable(parts.clock)) parts.clock.turnTo(new Date(kept.atMs));
    parts.restore(kept.state, kept.atMs);
    parts.agenda.look();
  }
  const file = new WorldFile(parts, path, o.say);
  const timer = setInterval(() => void file.save(), KEPT_EVERY_MS);
  await file.save();
  return {
    save: () => file.save(),
    stop: async () => {
      clearInterval(timer);
      await file.save();
    },
  };
}

/** Whatever a request changed is kept before its answer leaves. */
export function keepBeforeAnswering(app: FastifyInstance, keeping: () => Keeping | null): void {
  app.addHook('onSend', async (request, _reply, payload) => {
    if (request.method !== 'GET') await keeping()?.save();
    return payload;
  });
}

/** A server whose world is kept once more when no request can change it any longer. */
export function closing(
  app: { close(): Promise<unknown> },
  keeping: () => Keeping | null,
): { close(): Promise<void> } {
  return {
    close: async () => {
      await app.close();
      await keeping()?.stop();
    },
  };
}

class WorldFile<S> {
  readonly #parts: KeptParts<S>;
  readonly #path: string;
  readonly #say: (line: string) => void;
  #writing: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  /** Of what is on the disk. */
  #sha256 = '';
  #isFailing = false;

  constructor(parts: KeptParts<S>, path: string, say: (line: string) => void) {
    this.#parts = parts;
    this.#path = path;
    this.#say = say;
  }

  /** One writing at a time; all who ask while it goes on share the next. */
  save(): Promise<void> {
    if (this.#writing !== null) {
      this.#next ??= this.#writing.then(() => {
        this.#next = null;
        return this.save();
      });
      return this.#next;
    }
    this.#writing = this.#write().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { agenda, channel } = this.#parts;
    const atMs = agenda.look();
    const state = serialize(this.#parts.snapshot());
    const sha256 = createHash('sha256').update(state).digest('hex');
    // Nothing happened since: what is on the disk says the same.
    if (sha256 === this.#sha256) return;
    try {
      await putInPlace(this.#path, this.#parts, atMs, state);
      this.#sha256 = sha256;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#say(`the sandbox of ${channel} cannot keep its world: ${reasonOf(error)}`);
      this.#isFailing = true;
    }
  }
}

/** Header line, then the instant and the state; on the disk before it has its name. */
async function putInPlace(
  path: string,
  { channel, owner }: Pick<KeptParts<unknown>, 'channel' | 'owner'>,
  atMs: number,
  state: Buffer,
): Promise<void> {
  const body = serialize({ atMs, state });
  const sha256 = createHash('sha256').update(body).digest('hex');
  const header: Header = { yuanlu_sandbox: channel, version: VERSION, owner, sha256 };
  const draft = `${path}.${String(process.pid)}.part`;
  try {
    const file = await open(draft, 'w', OWNER_ONLY_FILE);
    try {
      await file.writeFile(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The world of an earlier start; null when there is none, or none that can be gone on with: that is put aside, and said. */
async function readWorld<S>(
  { channel, owner }: KeptParts<S>,
  path: string,
  say: (line: string) => void,
): Promise<Content<S> | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const found = worldIn<S>(bytes, channel, owner);
  if (typeof found !== 'string') return found;
  const aside = `${path}.aside-${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}`;
  await rename(path, aside);
  say(
    `the sandbox of ${channel} begins anew and knows nothing of earlier payments and refunds: ${path} ${found}. It was put aside as ${aside}.`,
  );
  return null;
}

/** The world in a file, or in words why it cannot be used. */
function worldIn<S>(bytes: Buffer, channel: ChannelName, owner: string): Content<S> | string {
  const end = bytes.indexOf('\n');
  const header = headerIn(bytes.subarray(0, Math.max(end, 0)).toString('utf8'));
  if (header === null || header.yuanlu_sandbox !== channel) return `is no world of a sandbox of ${channel}`;
  if (header.version !== VERSION)
    return `is of another version (${String(header.version)}, and this one reads ${String(VERSION)})`;
  if (header.owner !== owner) return 'belongs to other keys';
  const body = bytes.subarray(end + 1);
  if (createHash('sha256').update(body).digest('hex') !== header.sha256) return 'is damaged';
  const { atMs, state } = deserialize(body) as { readonly atMs: number; readonly state: Buffer };
  return { atMs, state: deserialize(state) as S };
}

function headerIn(line: string): Header | null {
  try {
    const header: unknown = JSON.parse(line);
    return typeof header === 'object' && header !== null ? (header as Header) : null;
  } catch {
    return null;
  }
}

/** A key in short, as the owner of a world. */
export function ownerOf(publicText: string): string {
  return createHash('sha256').update(publicText).digest('hex').slice(0, 16);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
