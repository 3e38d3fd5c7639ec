/** What a person gets who wants to look around after the month: a file of settings, addresses and commands to try. */
import type { Stack } from '../../workers/stack.ts';
import { writeSettings } from '../stack-settings.ts';

/** Writes the settings that let other terminals use the running stack, and gives back what to tell the person. */
export async function describeKeptStack(stack: Stack, dataDir: string): Promise<readonly string[]> {
  const path = await writeSettings(stack, dataDir);
  return [
    '',
    'The stack stays up until Ctrl-C, and time goes on in it, a day in half a minute. In another terminal:',
    `  . ${path}`,
    '  npx yuanlu refunds list',
    '  npx yuanlu overdue list',
    '  npx yuanlu breaks list',
    '  npx yuanlu statements list',
    '',
    `API          ${stack.api.url}/openapi.json`,
    `Temporal UI  ${stack.engines.temporalUiUrl ?? 'not started'}`,
    ...stack.shops.map(({ channel, sandbox }) => `${channel.padEnd(13)}${sandbox.url}/sandbox`),
  ];
}
