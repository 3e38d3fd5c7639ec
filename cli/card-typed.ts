/** A card as a person types it, or a program writes it to stdin: never an argument, which every user of a machine can read. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Two lines: the number, then the holder. What is typed at a terminal is not shown. */
export async function readTypedCard(): Promise<{ readonly number: string; readonly holder: string }> {
  const { stdin, stderr } = process;
  const isTerminal = stdin.isTTY;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silent, terminal: isTerminal });
  const typed = lines[Symbol.asyncIterator]();
  const ask = async (what: string): Promise<string> => {
    if (isTerminal) stderr.write(`${what} (not shown): `);
    const line = await typed.next();
    if (isTerminal) stderr.write('\n');
    return line.done === true ? '' : line.value.trim();
  };
  try {
    const number = (await ask('card number')).replaceAll(' ', '');
    return { number, holder: await ask("holder's name") };
  } finally {
    lines.close();
  }
}
