/** F80: a scheduler that stopped silently is said wherever flags are read, and by the doctor. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noteSweep } from '../../store/sweeps.ts';
import type { Deployment } from '../workers/deployment.ts';
import { openDeployment } from '../workers/deployment.ts';
import type { Ended } from './spawned.ts';
import { start } from './spawned.ts';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await openDeployment();
});
afterAll(() => deployment.close());

const yuanlu = (...args: readonly string[]): Promise<Ended> => start(args, deployment.env).ended;

/** A sweep that ended so many minutes ago. */
async function swept(minutesAgo: number): Promise<void> {
  const at = new Date(Date.now() - minutesAgo * 60_000);
  await noteSweep(deployment.database.pool, { slot: at, finishedAt: at });
}

/** What the doctor says of sweeps, whatever it says of the rest. */
async function sweepFinding(): Promise<{ code: number | null; finding: unknown }> {
  const { code, stdout } = await yuanlu('doctor', '--json');
  const { findings } = JSON.parse(stdout) as { findings: { check: string }[] };
  return { code, finding: findings.find(({ check }) => check === 'overdue sweep') };
}

const SAID =
  /^no sweep since .* \(Beijing\): flags may be missing; is a scheduler running\? \(yuanlu doctor\)$/m;

test('F80 without a sweep for hours the list and the doctor say so', async () => {
  await swept(3 * 60 + 1);

  const [list, doctor] = await Promise.all([yuanlu('overdue', 'list', '--json'), sweepFinding()]);

  expect(list.code, list.stderr).toBe(0);
  expect(list.stderr).toMatch(SAID);
  expect(JSON.parse(list.stdout)).toEqual({ overdue: [] });
  expect(doctor.code).toBe(3);
  expect(doctor.finding).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^no sweep since .* \(Beijing\)/) as string,
    mend: expect.stringContaining('yuanlu scheduler') as string,
  });
});

test('F80 while sweeps end as they should nobody is warned', async () => {
  await swept(2 * 60);

  const [list, doctor] = await Promise.all([yuanlu('overdue', 'list'), sweepFinding()]);

  expect(list).toMatchObject({ code: 0, stderr: '' });
  expect(doctor.finding).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^the last one ended .* \(Beijing\)$/) as string,
    mend: null,
  });
});
