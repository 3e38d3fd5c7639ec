/** What a person gets who wants to look around after the month: a file of settings, addresses and commands to try. */
import { chmod, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { toEnv } from '../../workers/config.ts';
import type { Stack } from '../../workers/stack.ts';

/**
 * Writes the settings that let other terminals use the running stack, and gives back what to tell the person. The file holds
 * an API key: only its owner can read it, and it is removed with the stack.
 */
export async function describeKeptStack(stack: Stack, dataDir: string): Promise<readonly string[]> {
  const settings = {
    ...toEnv(stack.config),
    YUANLU_API_URL: stack.api.url,
    YUANLU_API_KEY: stack.apiKey,
  };
  const path = join(dataDir, 'env.sh');
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}='${value}'\n`);
  await writeFile(path, lines.join(''), { mode: 0o600 });
  await chmod(path, 0o600);
  return [
    '',
    'The stack stays up, and its month goes on, until Ctrl-C. In another terminal:',
    `  . ${relative(process.cwd(), path)}`,
    '  npx yuanlu refunds list',
    '  npx yuanlu overdue list',
    '  npx yuanlu breaks list',
    '  npx yuanlu statements list',
    '',
    `API          ${stack.api.url}/openapi.json`,
    `Temporal UI  ${stack.engines.temporalUiUrl ?? 'not started'}`,
    `Sandbox      ${stack.sandbox.url}`,
  ];
}
