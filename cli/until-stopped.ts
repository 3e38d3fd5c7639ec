/** Waits for SIGINT or SIGTERM, or for `done` to settle. A second signal ends the process at once. */
export async function untilStopped(done?: Promise<unknown>): Promise<void> {
  let release: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    release();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await (done === undefined ? stopped : Promise.race([stopped, done]));
  } finally {
    if (!asked) {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
  }
}
