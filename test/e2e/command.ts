/** The `yuanlu` command as a person or a program runs it: a process of its own, its output, its exit code. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/yuanlu.js', import.meta.url));
/** Longest time that one command of a test may take; the demo itself is waited for by its own test. */
const LIMIT_MS = 60_000;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** Its end. */
  readonly ended: Promise<Ran>;
}

/** The environment without what tells this system where its servers are: a command knows what a test gives it. */
function plainEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:YUANLU_|TEMPORAL_|VITEST|NODE_OPTIONS)/.test(name)),
  );
}

/** Starts it. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { ...plainEnvironment(), NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parts = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    parts.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    parts.stderr += text;
  });
  const ended = (once(child, 'close') as Promise<[number | null]>).then(([code]) => ({ code, ...parts }));
  return { child, stdout: () => parts.stdout, stderr: () => parts.stderr, ended };
}

/** Runs it to its end. */
export async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const running = start(args, env);
  const late = setTimeout(() => running.child.kill('SIGKILL'), LIMIT_MS);
  try {
    return await running.ended;
  } finally {
    clearTimeout(late);
  }
}

/** The one JSON document on stdout: a line that is nothing else, and nothing beside it. */
export function documentOf(ran: Ran): unknown {
  const lines = ran.stdout.split('\n').filter((line) => line !== '');
  if (lines.length !== 1) throw new Error(`not one document on stdout:\n${ran.stdout}\n${ran.stderr}`);
  return JSON.parse(lines[0] ?? '') as unknown;
}
