/** npm and npx pass a Ctrl-C on that the terminal has sent already: what comes so soon is the same wish once more. */
const SAME_WISH_WITHIN_MS = 1_000;

/** How often a process that npm started looks whether npm is still there. */
const LOOK_FOR_NPM_EVERY_MS = 500;

/**
 * Waits for SIGINT or SIGTERM, for npm to be gone where npm started this process, or for `done` to settle. A second signal, a moment
 * later, ends the process at once.
 */
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
  const npm = watchNpm(release);
  try {
    await (done === undefined ? stopped : Promise.race([stopped, done]));
  } finally {
    clearInterval(npm);
    if (askedAt === null) {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
  }
}

/** npm and npx end at SIGTERM without passing it on: what they started would run on with nobody to stop it. */
function watchNpm(gone: () => void): NodeJS.Timeout | undefined {
  if (process.env['npm_command'] === undefined) return undefined;
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) gone();
  }, LOOK_FOR_NPM_EVERY_MS).unref();
}
