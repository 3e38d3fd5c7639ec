/** Short-lived permissions to fetch a file. They live in the time of the wall. */
import { randomBytes } from 'node:crypto';

interface Ticket {
  readonly owner: string;
  readonly file: Buffer;
  readonly expiresAtMs: number;
}

export class DownloadTickets {
  readonly #lifeMs: number;
  readonly #wallNow: () => number;
  readonly #tickets = new Map<string, Ticket>();

  constructor(lifeMs: number, wallNow: () => number) {
    this.#lifeMs = lifeMs;
    this.#wallNow = wallNow;
  }

  /** A new token for the file. */
  issue(owner: string, file: Buffer): string {
    for (const [token, { expiresAtMs }] of this.#tickets) {
      if (expiresAtMs < this.#wallNow()) this.#tickets.delete(token);
    }
    const token = randomBytes(24).toString('base64url');
    this.#tickets.set(token, { owner, file, expiresAtMs: this.#wallNow() + this.#lifeMs });
    return token;
  }

  /** The file; undefined when the token is unknown, over or somebody else's. */
  take(token: string, owner: string): Buffer | undefined {
    const ticket = this.#tickets.get(token);
    if (ticket === undefined || ticket.owner !== owner || ticket.expiresAtMs < this.#wallNow())
      return undefined;
    return ticket.file;
  }
}
