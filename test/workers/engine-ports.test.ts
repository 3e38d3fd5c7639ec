/** Ports of engines stay the same between starts where data stay, and where engines can be embedded at all. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { choosePorts } from '../../workers/engines/engine-ports.ts';
import { assertPlatform } from '../../workers/engines/platform.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-ports-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});
const file = () => join(folder, 'ports.json');

describe('the ports of engines', () => {
  test('are four different ones', async () => {
    for (let round = 0; round < 20; round += 1) {
      const ports = Object.values(await choosePorts(null));

      expect(new Set(ports).size).toBe(4);
    }
  });

  test('are the same at the next start, so that addresses in other terminals stay true', async () => {
    const first = await choosePorts(file());

    expect(await choosePorts(file())).toEqual(first);
  });

  test('that a stranger has taken meanwhile are replaced, the others kept, and the new one remembered', async () => {
    const first = await choosePorts(file());
    const stranger = createServer();
    await new Promise<void>((listening) => {
      stranger.listen(first.temporal, '127.0.0.1', listening);
    });

    const second = await choosePorts(file());

    await new Promise((closed) => {
      stranger.close(closed);
    });
    expect(second).toEqual({ ...first, temporal: second.temporal });
    expect(second.temporal).not.toBe(first.temporal);
    expect(await choosePorts(file())).toEqual(second);
  });

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"postgres":"5432"}',
    '{"postgres":0,"temporal":70000}',
    '{"postgres":5432.5}',
  ])('are chosen anew where the note of them is damaged: %s', async (text) => {
    await writeFile(file(), text);

    const ports = await choosePorts(file());

    expect(new Set(Object.values(ports)).size).toBe(4);
    expect(JSON.parse(await readFile(file(), 'utf8'))).toEqual(ports);
  });

  test('that the note gives to two engines are given to one', async () => {
    const { postgres } = await choosePorts(null);
    await writeFile(file(), JSON.stringify({ postgres, temporal: postgres }));

    const ports = await choosePorts(file());

    expect(ports.postgres).toBe(postgres);
    expect(ports.temporal).not.toBe(postgres);
  });
});

describe('embedded engines', () => {
  test.each(['linux', 'darwin'])('are at home on %s', (platform) => {
    expect(() => {
      assertPlatform(platform);
    }).not.toThrow();
  });

  test.each(['win32', 'freebsd', 'aix'])(
    'say on %s in one sentence which variables point at servers of one’s own',
    (platform) => {
      expect(() => {
        assertPlatform(platform);
      }).toThrow(new RegExp(`not on ${platform}: .*YUANLU_DATABASE_URL and TEMPORAL_ADDRESS`));
    },
  );
});
