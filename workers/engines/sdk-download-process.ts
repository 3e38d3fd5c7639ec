/**
 * Started by `sdk-download.ts`: has Temporal's SDK download a server program into a folder. The SDK does that only as a part
 * of starting the server, and only inside its native core: hence a process of its own, which ends the server at once.
 */
import { Runtime } from '@temporalio/worker';
import type { SdkWish } from './sdk-download.ts';

/** Longer than a server takes to start and to be ended: when our parent is gone, only a download may still be under way. */
const LINGER_MS = 15_000;

process.once('disconnect', () => {
  setTimeout(() => process.exit(), LINGER_MS).unref();
});
process.once('message', (message) => void fetchAndEnd(message as SdkWish));

async function fetchAndEnd(wish: SdkWish): Promise<void> {
  let error: string | null = null;
  try {
    const runtime = Runtime.instance();
    await runtime.shutdownEphemeralServer(await runtime.createEphemeralServer(serverOf(wish)));
  } catch (failure) {
    error = String(failure);
  }
  process.send?.({ error }, () => process.exit());
}

function serverOf({ server, version, folder, sdkVersion }: SdkWish) {
  const download = {
    type: 'cached-download',
    downloadDir: folder,
    ttl: 0,
    sdkName: 'sdk-typescript',
  } as const;
  const exe = { ...download, version, sdkVersion };
  const extraArgs: string[] = [];
  if (server === 'time-skipping') return { type: server, exe, port: null, extraArgs };
  const address = { namespace: 'default', ip: '127.0.0.1', port: null, ui: false, uiPort: null };
  return {
    type: server,
    exe,
    ...address,
    dbFilename: null,
    log: { format: 'pretty', level: 'error' },
    extraArgs,
  };
}
