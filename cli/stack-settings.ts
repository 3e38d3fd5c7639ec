/** What lets other terminals use a stack that runs here. */
import { chmod, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { toEnv } from '../workers/config.ts';
import type { Stack } from '../workers/stack.ts';

/** Variables for the commands and processes of Yuanlu: `. env.sh` in a shell. */
function settingsOf(stack: Stack): Readonly<Record<string, string>> {
  const virtualTime = stack.virtual?.time() ?? null;
  return {
    ...toEnv({ ...stack.config, virtualTime }),
    YUANLU_API_URL: stack.api.url,
    YUANLU_API_KEY: stack.apiKey,
    YUANLU_SANDBOX_URL: stack.wechat.url,
  };
}

/**
 * Writes the settings into the data folder and returns the path of the file, as it is reached from here. It holds an API key:
 * only its owner can read it.
 */
export async function writeSettings(stack: Stack, dataDir: string): Promise<string> {
  const path = join(dataDir, 'env.sh');
  const lines = Object.entries(settingsOf(stack)).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  await writeFile(path, lines.join(''), { mode: 0o600 });
  await chmod(path, 0o600);
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

/** For a POSIX shell, whatever folder somebody chose. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
