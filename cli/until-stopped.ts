/** npm and npx pass a Ctrl-C on that the terminal has sent already: what comes so soon is the same wish once more. */
const SAME_WISH_WITHIN_MS = 1_000;

/** Waits for SIGINT or SIGTERM, or for `done` to settle. A second signal, a moment later, ends the process at once. */
export async function untilStopped(done?: Promise<unknown>): Promise<void> {
  let release: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    release = resolve;
  });
  let askedAt: number | null = null;
  const onSignal = (): void => {
    const now = performance.now();
    if (askedAt !== null && now - askedAt > SAME_WISH_WITHIN_MS) process.exit(130);
    askedAt ??= now;
    release();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await (done === undefined ? stopped : Promise.race([stopped, done]));
  } finally {
    if (askedAt === null) {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
  }
}
