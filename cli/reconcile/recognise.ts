/** Whose statement a file is that the channel it was given for cannot make out. */
import { createReadStream } from 'node:fs';
import type { ErrorCode } from '../../domain/errors.ts';
import { isStatementFault } from '../../domain/errors.ts';
import type { ReconcileChannel } from './channels.ts';
import { RECONCILE_CHANNELS } from './channels.ts';

/** A reader that took so much of a file would have refused one that is not its own. */
const ENOUGH_BYTES = 4 * 1024 ** 2;

/** Said only of a file that was recognised before. */
const DAMAGE: ReadonlySet<ErrorCode> = new Set(['statement_truncated', 'statement_summary_missing']);

/** The other channel that knows the file as its own; null when none does. */
export async function recognise(file: string, asked: ReconcileChannel): Promise<ReconcileChannel | null> {
  for (const channel of RECONCILE_CHANNELS) {
    if (channel !== asked && (await knows(channel, file))) return channel;
  }
  return null;
}

async function knows(channel: ReconcileChannel, file: string): Promise<boolean> {
  const { bytes, reader } = channel.openStatement(createReadStream(file));
  try {
    let seen = 0;
    for await (const piece of bytes) {
      reader.push(piece);
      seen += piece.length;
      if (seen > ENOUGH_BYTES) return true;
    }
    reader.end();
    return true;
  } catch (error) {
    if (!isStatementFault(error)) throw error;
    return DAMAGE.has(error.code);
  }
}
