/** What the engine host and its parent say to each other. */
import type { PostgresPlan } from './postgres.ts';
import type { TemporalPlan } from './temporal-server.ts';

export interface HostPlan {
  readonly recordsDir: string;
  readonly postgres: PostgresPlan | null;
  readonly temporal: TemporalPlan | null;
}

export type HostMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'pid'; readonly name: 'postgres' | 'temporal'; readonly pid: number }
  | { readonly kind: 'log'; readonly line: string };
