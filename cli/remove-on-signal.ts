/** What a command makes outside its own process is removed, also when a person stops it. */
const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143 } as const;

interface Made {
  close(): Promise<void>;
  abandon(): Promise<void>;
}

/**
 * On SIGINT and SIGTERM, waits for what is being made, abandons it and ends the process; a second signal ends it at once.
 * @returns what ends the watch and closes it in the ordinary way
 */
export function removeOnSignal(
  making: Promise<Made>,
  o: {
    /** Ends work that would keep the process busy meanwhile. */
    readonly stop: () => void;
    readonly say: (line: string) => void;
  },
): () => Promise<void> {
  let asked = false;
  // What could not be made has cleaned up after itself.
  const made = making.catch(() => null);
  const listeners = Object.entries(SIGNAL_EXITS).map(([signal, code]) => {
    const listener = (): void => {
      if (asked) process.exit(code);
      asked = true;
      o.say('stopping; a second signal ends it at once');
      o.stop();
      void made.then((one) => one?.abandon()).finally(() => process.exit(code));
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return async () => {
    // While a signal is being answered the process must not end by itself with another code.
    if (asked) return new Promise<void>(() => undefined);
    await (await made)?.close();
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}
