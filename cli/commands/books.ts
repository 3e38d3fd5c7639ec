/** Opens the books for a command that reads or works on them directly, and closes them again. */
import type { Context } from '../../workers/context.ts';
import { openContext } from '../../workers/context.ts';
import { readConfig } from '../../workers/config.ts';

export async function withBooks<T>(work: (context: Context) => Promise<T>): Promise<T> {
  const context = await openContext(readConfig(process.env), 'cli');
  try {
    return await work(context);
  } finally {
    await context.close();
  }
}
