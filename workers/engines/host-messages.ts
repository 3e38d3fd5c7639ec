/** What the engine host and its parent say to each other. */
import type { PostgresPlan } from './postgres.ts';
import type { TemporalPlan } from './temporal-server.ts';

export type EngineName = 'postgres' | 'temporal';

/** Parent to host: once, first. */
export interface HostPlan {
  /** Where the notes about processes are. */
  readonly recordsDir: string;
  readonly postgres: PostgresPlan | null;
  readonly temporal: TemporalPlan | null;
  /** What is removed when the engines have stopped in order, whoever asked for it. */
  readonly temporary: readonly string[];
}

/** Host to parent. */
export type HostMessage =
  | { readonly kind: 'ready' }
  /** The engines could not be started, or not be kept running; all are stopped. */
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'pid'; readonly name: EngineName; readonly pid: number }
  | { readonly kind: 'log'; readonly line: string };
