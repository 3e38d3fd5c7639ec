/** Embedded engines: whatever is killed, nothing is left behind, nothing committed is lost, and the next start works. */
import { readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engines } from '../../workers/engines/engines.ts';
import { startEngines } from '../../workers/engines/engines.ts';
import { freePort, mustBeFree } from '../../workers/engines/free-port.ts';
import { until } from '../cli-real/spawned.ts';
import {
  QUICK,
  answers,
  ask,
  endStarted,
  engineFolder,
  gone,
  lives,
  startApart,
  userOf,
} from './engine-folder.ts';

const START_LIMIT_MS = 90_000;

let folder: string;
beforeAll(async () => {
  folder = await engineFolder();
});
afterAll(async () => {
  endStarted();
  await rm(folder, { recursive: true, force: true });
});

const kept = () => ({ ...QUICK, throwAway: false, dataDir: join(folder, 'kept'), keepData: true });

/** The tests of this group go on with what the one before left, as starts on one machine do. */
describe('in a folder whose data is kept', () => {
  test(
    'kill -9 of the parent leaves no server and no host, and the ports are free again',
    async () => {
      const started = await startApart({ ...kept(), temporal: true });
      await ask(started.databaseUrl, 'create table kept as select 42 as answer');
      const { host, postgres, temporal } = started;
      for (const pid of [host, postgres, temporal]) expect(await lives(pid)).toBe(true);
      // Postgres refuses to run as root; whoever else starts it runs it.
      const ours = process.getuid?.() ?? -1;
      expect((await userOf(postgres)) === ours).toBe(ours !== 0);

      process.kill(started.pid, 'SIGKILL');

      await gone(started.pid, host, postgres, temporal);
      await mustBeFree(Number(new URL(started.databaseUrl).port));
      await mustBeFree(Number(started.temporalAddress.split(':')[1]));
      expect(await readdir(join(folder, 'kept'))).not.toContain('run');
    },
    START_LIMIT_MS,
  );

  test(
    'kill -9 of the host and its parent: the next start ends what they left and has the data',
    async () => {
      const left = await startApart(kept());
      // Stopped, the parent cannot bring the host back before it is killed itself.
      process.kill(left.pid, 'SIGSTOP');
      process.kill(left.host, 'SIGKILL');
      process.kill(left.pid, 'SIGKILL');
      await gone(left.host, left.pid);
      expect(await lives(left.postgres)).toBe(true);

      const next = await startApart(kept());

      expect(await lives(left.postgres)).toBe(false);
      expect(next.log).toContain('ended what an earlier start left running: postgres');
      expect(await ask(next.databaseUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
      process.kill(next.pid, 'SIGKILL');
      await gone(next.pid, next.host, next.postgres);
    },
    START_LIMIT_MS,
  );

  describe('while they run', () => {
    let engines: Engines;
    const log: string[] = [];
    beforeAll(async () => {
      engines = await startEngines({ ...kept(), log: (line) => log.push(line) });
    }, START_LIMIT_MS);
    afterAll(() => engines.stop());

    test('a second start names the holder and changes nothing', async () => {
      const before = engines.pids();

      const second = startEngines({ ...kept(), log: () => undefined });

      await expect(second).rejects.toMatchObject({ code: 'engine_unavailable' });
      await expect(second).rejects.toThrow(`process ${String(process.pid)} holds`);
      expect(engines.pids()).toEqual(before);
      expect(await answers(engines.databaseUrl)).toBe(true);
    });

    test(
      'a second start from another process names the holder, too',
      async () => {
        await expect(startApart(kept())).rejects.toThrow(`process ${String(process.pid)} holds`);
      },
      START_LIMIT_MS,
    );

    test(
      'a killed Postgres is back on the same port with all that was committed',
      async () => {
        const { postgres } = engines.pids();
        await ask(engines.databaseUrl, 'insert into kept values (43)');

        process.kill(postgres ?? 0, 'SIGKILL');

        await until('Postgres is another process', async () => {
          const now = engines.pids().postgres;
          return now !== postgres && (await lives(now)) && (await answers(engines.databaseUrl));
        });
        expect(await ask(engines.databaseUrl, 'select answer from kept order by 1')).toEqual([
          { answer: 42 },
          { answer: 43 },
        ]);
        await until('somebody was told', async () => log.includes('postgres ended and was started again'));
      },
      START_LIMIT_MS,
    );

    test(
      'a killed host is back with its engines on the same ports, and the old ones are gone',
      async () => {
        const before = engines.pids();

        process.kill(before.host ?? 0, 'SIGKILL');

        await until('there is another host', async () => {
          const { host, postgres } = engines.pids();
          return host !== null && host !== before.host && postgres !== before.postgres;
        });
        await until('Postgres answers', () => answers(engines.databaseUrl));
        await gone(before.host, before.postgres);
      },
      START_LIMIT_MS,
    );

    test('a stop ends everything, may be asked for twice, and gives the folder back', async () => {
      const { host, postgres } = engines.pids();

      await engines.stop();
      await engines.stop();

      await gone(host, postgres);
      const left = await readdir(join(folder, 'kept'));
      expect(left).toEqual(expect.arrayContaining(['postgres', 'postgres.password']));
      for (const passing of ['run', 'engines.lock']) expect(left).not.toContain(passing);
    });
  });
});

describe('in a folder whose data is not kept', () => {
  test(
    'nothing of a start is there at the next one, nor after a kill, nor after a stop',
    async () => {
      const dataDir = join(folder, 'fresh');
      const options = { ...QUICK, dataDir, keepData: false };
      const killed = await startApart(options);
      await ask(killed.databaseUrl, 'create table passing (id int)');

      process.kill(killed.pid, 'SIGKILL');
      await gone(killed.pid, killed.host, killed.postgres);

      // The lock of the dead names nobody who lives; the next start follows it.
      expect(await readdir(dataDir)).toEqual(['engines.lock']);
      const engines = await startEngines({ ...options, log: () => undefined });
      const tables = await ask(engines.databaseUrl, `select 1 from pg_tables where tablename = 'passing'`);
      await engines.stop();
      expect(tables).toEqual([]);
      expect(await readdir(dataDir)).toEqual([]);
    },
    START_LIMIT_MS,
  );

  test(
    'F76 a Postgres that is killed right after a commit is back with all that was committed',
    async () => {
      const engines = await startEngines({
        ...{ ...QUICK, dataDir: join(folder, 'thrown-away'), keepData: false },
        log: () => undefined,
      });
      try {
        await ask(engines.databaseUrl, 'create table told as select 0 as answer');
        for (let round = 1; round <= 3; round += 1) {
          const { postgres } = engines.pids();
          await ask(engines.databaseUrl, `insert into told values (${String(round)})`);

          process.kill(postgres ?? 0, 'SIGKILL');

          await until('Postgres is another process', async () => {
            const now = engines.pids().postgres;
            return now !== postgres && (await lives(now)) && (await answers(engines.databaseUrl));
          });
        }
        expect(await ask(engines.databaseUrl, 'select answer from told order by 1')).toEqual(
          [0, 1, 2, 3].map((answer) => ({ answer })),
        );
      } finally {
        await engines.stop();
      }
    },
    START_LIMIT_MS,
  );
});

describe('a port', () => {
  test('that somebody listens on is not taken for free', async () => {
    const port = await freePort();
    const stranger = createServer();
    await new Promise<void>((listening) => {
      stranger.listen(port, '127.0.0.1', listening);
    });

    await expect(mustBeFree(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });

    await new Promise((closed) => stranger.close(closed));
    await mustBeFree(port);
  });

  test('is never one that a connection of somebody else may be given before our server listens there', async () => {
    const ports = await Promise.all(Array.from({ length: 200 }, () => freePort()));

    // Linux gives 32768 to 60999 to connections, macOS 49152 to 65535.
    expect(Math.max(...ports)).toBeLessThan(32_768);
    expect(Math.min(...ports)).toBeGreaterThan(1_023);
    expect(new Set(ports).size).toBeGreaterThan(150);
  });
});
