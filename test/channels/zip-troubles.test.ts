/** F54 F55: zips that no channel sends are refused by code, not one row read. */
import { describe, expect, test } from 'vitest';
import type { StatementContent } from '../../channels/channel.ts';
import { ERRORS } from '../../domain/errors.ts';
import { zipChannels, zipTroubles } from './zip-troubles.ts';

describe.each(zipChannels())('a zip for %s', (_channel, file, open) => {
  test.each(zipTroubles())('%s is refused', async (_what, make, code) => {
    const found = await codeOf(open(inPieces(make(file))));

    expect(found).toBe(code);
    expect(Object.keys(ERRORS)).toContain(found);
  });
});

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536)
    yield await Promise.resolve(bytes.subarray(at, at + 65_536));
}

/** The code with which the statement ends, read to its end as an import does. */
async function codeOf({ bytes, reader }: StatementContent): Promise<string> {
  try {
    for await (const part of bytes) reader.push(part);
    reader.end();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'taken';
}
