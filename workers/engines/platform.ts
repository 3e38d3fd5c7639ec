/** Where engines can be embedded, and what to do elsewhere. */
import { AppError } from '../../domain/errors.ts';

/** What always works, and what a deployment does. Follows "or". */
export const SERVERS_OF_ONES_OWN =
  'run the processes of a deployment with YUANLU_DATABASE_URL and TEMPORAL_ADDRESS pointing at servers of your own (docs/configuration.md)';

const PLATFORMS: readonly string[] = ['linux', 'darwin'];

/** @throws AppError `engine_unavailable` on a system whose processes cannot be looked after as this needs it */
export function assertPlatform(platform: string): void {
  if (PLATFORMS.includes(platform)) return;
  const errors = [`embedded engines run on Linux and macOS, not on ${platform}: ${SERVERS_OF_ONES_OWN}`];
  throw new AppError('engine_unavailable', { errors });
}
