/** One namespace with workers whose activities each test replaces by its own. */
import type { Client } from '@temporalio/client';
import type { Activities } from '../../activities/index.ts';
import { fakeActivities } from './fake-activities.ts';
import { connectServer, openNamespace, runWorkers } from './temporal.ts';

export interface ScriptedWorld {
  readonly client: Client;
  /** From now on these activities answer; a verb that is not among them fails for good. */
  use(activities: Partial<Activities>): void;
  close(): Promise<void>;
}

export async function scriptedWorld(prefix: string): Promise<ScriptedWorld> {
  const server = await connectServer();
  const client = await openNamespace(server, prefix);
  const unused = fakeActivities().activities;
  let current: Activities = unused;
  const activities = Object.fromEntries(
    Object.keys(unused).map((verb) => [
      verb,
      (...args: readonly unknown[]): unknown =>
        (current[verb as keyof Activities] as (...args: readonly unknown[]) => unknown)(...args),
    ]),
  ) as unknown as Activities;
  const workers = await runWorkers(server, client, activities);
  return {
    client,
    use: (script) => {
      current = { ...unused, ...script };
    },
    close: async () => {
      await workers.stop();
      await server.close();
    },
  };
}
