/** Measurements that are promised for one core: the process is kept on the first processor, where the system has a command for that. */
import { spawnSync } from 'node:child_process';

const PINNED = ['taskset', '-c', '0'] as const;

/** Whether a process can be kept on one processor here: on Linux, nearly always (util-linux). */
export function canPin(): boolean {
  const [command, ...options] = PINNED;
  return spawnSync(command, [...options, 'true'], { stdio: 'ignore' }).status === 0;
}

/** The command line that runs `command` on one processor, or as it is where that cannot be had. */
export function onOneCore(command: readonly string[]): readonly string[] {
  return canPin() ? [...PINNED, ...command] : command;
}
