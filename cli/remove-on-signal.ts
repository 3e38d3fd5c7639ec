/** What a command has made outside its own process is removed, also when a person stops it. */
const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Closes `made` on SIGINT and SIGTERM and ends the process then; a second signal ends it at once. Gives back `made`, whose
 * own `close` lets go of the signals.
 */
export function removeOnSignal<Made extends { close(): Promise<void> }>(
  made: Made,
  say: (line: string) => void,
): Made {
  let asked = false;
  const listeners = Object.entries(SIGNAL_EXITS).map(([signal, code]) => {
    const listener = (): void => {
      if (asked) process.exit(code);
      asked = true;
      say('stopping; a second signal ends it at once');
      void made.close().finally(() => process.exit(code));
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return {
    ...made,
    close: async () => {
      // While a signal is being answered the process must not end by itself with another code.
      if (asked) return new Promise<void>(() => undefined);
      await made.close();
      for (const { signal, listener } of listeners) process.off(signal, listener);
    },
  };
}
