/** Payers who look at their receipts at once, over real HTTP: how long each waits for the page, also while papers are made. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const CLIENTS = 50;
/** Looks of each client before anything is counted. */
const WARM_UP = 10;
/** Who ask for one paper after the other, while others look with a pause: how long these wait is what papers cost them. */
const PAPER_CLIENTS = 2;
const CALM_CLIENTS = 5;
const CALM_PAUSE_MS = 50;
const CALM_TURNS = 60;

export interface Looking {
  readonly port: number;
  readonly paths: readonly string[];
  readonly requests: number;
}

interface Waits {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
  readonly bytes: number;
}

export interface Looked extends Waits {
  /** Of receipts that nobody had looked at before. */
  readonly firstP99Ms: number;
  /** With pauses and nothing else going on; then while papers are made, and how many of them were. */
  readonly calmP99Ms: number;
  readonly printingP50Ms: number;
  readonly printingP99Ms: number;
  readonly papersPerSecond: number;
}

export async function lookOften({ port, paths, requests }: Looking): Promise<Looked> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  // A few receipts so that connections are made, then each of the others for the first time: nothing of it is known yet.
  const warm = paths.slice(0, CLIENTS);
  await looks(CLIENTS, WARM_UP, (client) => get(port, agent, warm[client % warm.length] ?? ''));
  const fresh = paths.slice(CLIENTS);
  const { p99Ms: firstP99Ms } = await looks(CLIENTS, Math.floor(fresh.length / CLIENTS), (client, turn) =>
    get(port, agent, fresh[client + turn * CLIENTS] ?? ''),
  );
  const look = (client: number, turn: number): Promise<number> =>
    get(port, agent, paths[(client * 7 + turn) % paths.length] ?? '');
  const hurried = await looks(CLIENTS, requests / CLIENTS, look);
  const calmly = (): Promise<Waits> => looks(CALM_CLIENTS, CALM_TURNS, look, CALM_PAUSE_MS);
  const { p99Ms: calmP99Ms } = await calmly();

  const printers = printing(port, paths);
  const { p50Ms: printingP50Ms, p99Ms: printingP99Ms } = await calmly();
  const papersPerSecond = await printers.stop();
  agent.destroy();
  return { ...hurried, firstP99Ms, calmP99Ms, printingP50Ms, printingP99Ms, papersPerSecond };
}

/** Every client looks so many times, with a pause in between or without one. */
async function looks(
  clients: number,
  turns: number,
  look: (client: number, turn: number) => Promise<number>,
  pauseMs = 0,
): Promise<Waits> {
  const waits: number[] = [];
  let bytes = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: clients }, (_, client) =>
      inTurn(turns, async (turn) => {
        if (pauseMs > 0) await sleep(pauseMs);
        const at = performance.now();
        bytes = Math.max(bytes, await look(client, turn));
        waits.push(performance.now() - at);
      }),
    ),
  );
  const seconds = (performance.now() - began) / 1000;
  waits.sort((one, other) => one - other);
  const at = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), perSecond: waits.length / seconds, bytes };
}

/** Papers, each of another receipt, until it is stopped; then how many there were in a second. */
function printing(port: number, paths: readonly string[]): { readonly stop: () => Promise<number> } {
  const agent = new Agent({ keepAlive: true, maxSockets: PAPER_CLIENTS });
  const began = performance.now();
  let stopped = false;
  let made = 0;
  const clients = Array.from({ length: PAPER_CLIENTS }, async (_, client) => {
    for (let turn = 0; !stopped; turn += 1) {
      const path = paths[(client + turn * PAPER_CLIENTS) % paths.length] ?? '';
      await get(port, agent, `${path}/receipt.pdf`);
      made += 1;
    }
  });
  return {
    stop: async () => {
      stopped = true;
      await Promise.all(clients);
      agent.destroy();
      return (made * 1000) / (performance.now() - began);
    },
  };
}

async function inTurn(turns: number, act: (turn: number) => Promise<void>): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await act(turn);
}

function get(port: number, agent: Agent, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent, path }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(bytes);
        else reject(new Error(`a receipt was answered ${String(answer.statusCode)}`));
      });
    });
    sent.on('error', reject).end();
  });
}
