/** Backends that ask for refunds at once, over real HTTP: how long each waits until its refund is recorded. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { ACCOUNT } from './bill.ts';

const CLIENTS = 8;
/** Requests of each client that warm up caches and connections and are not counted. */
const WARM_UP = 25;

export interface Asking {
  readonly port: number;
  /** Of the api. */
  readonly key: string;
  readonly requests: number;
}

export interface Accepted {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

export async function askOften({ port, key, requests }: Asking): Promise<Accepted> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const waits: number[] = [];
  const each = Math.ceil(requests / CLIENTS);
  let beganAt = 0;
  const client = async (): Promise<void> => {
    for (let turn = 0; turn < WARM_UP; turn += 1) await askOnce(port, agent, key);
    beganAt ||= performance.now();
    for (let turn = 0; turn < each; turn += 1) {
      const began = performance.now();
      await askOnce(port, agent, key);
      waits.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const seconds = (performance.now() - beganAt) / 1000;
  agent.destroy();
  waits.sort((one, other) => one - other);
  const at = (share: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), perSecond: waits.length / seconds };
}

/** One refund of a payment of its own, described with it as a backend would. */
async function askOnce(port: number, agent: Agent, key: string): Promise<void> {
  const id = randomUUID();
  const body = JSON.stringify({
    refund_no: `RF-${id}`,
    payment_no: `PAY-${id}`,
    payment: { account_id: ACCOUNT, captured_minor: '10000', currency: 'CNY' },
    amount_minor: '2345',
    currency: 'CNY',
    reason: '七天无理由退货',
  });
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'idempotency-key': id,
  };
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const call = request(
      { port, agent, host: '127.0.0.1', method: 'POST', path: '/v1/refunds', headers },
      (answer) => {
        answer.resume();
        answer.once('end', () => {
          resolve(answer.statusCode);
        });
      },
    );
    call.once('error', reject);
    call.end(body);
  });
  if (status !== 201) throw new Error(`a refund was answered ${String(status)}`);
}
