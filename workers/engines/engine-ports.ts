/** The ports of the engines: free ones, and where data are kept the same as last time, so that addresses stay true. */
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { freePort, isFree } from './free-port.ts';

const portSchema = z.int().min(1).max(65_535).optional().catch(undefined);
const portsSchema = z
  .object({ postgres: portSchema, temporal: portSchema, temporalUi: portSchema, temporalMetrics: portSchema })
  .catch({});

export interface EnginePorts {
  readonly postgres: number;
  readonly temporal: number;
  readonly temporalUi: number;
  readonly temporalMetrics: number;
}

/** Free a moment ago. `file` remembers them; null chooses anew each time. */
export async function choosePorts(file: string | null): Promise<EnginePorts> {
  const wished = file === null ? {} : await remembered(file);
  const taken = new Set<number>();
  const ports = {
    postgres: await orAnother(wished.postgres, taken),
    temporal: await orAnother(wished.temporal, taken),
    temporalUi: await orAnother(wished.temporalUi, taken),
    temporalMetrics: await orAnother(wished.temporalMetrics, taken),
  };
  if (file !== null) await writeFile(file, JSON.stringify(ports));
  return ports;
}

async function remembered(file: string): Promise<z.infer<typeof portsSchema>> {
  try {
    return portsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return {};
  }
}

/** Two may be offered the same free port before it is used. */
async function orAnother(wished: number | undefined, taken: Set<number>): Promise<number> {
  let port = wished !== undefined && !taken.has(wished) && (await isFree(wished)) ? wished : await freePort();
  while (taken.has(port)) port = await freePort();
  taken.add(port);
  return port;
}
