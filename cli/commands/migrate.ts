import { migrate } from '../../store/migrate.ts';
import { aboutDatabase } from '../../workers/not-there.ts';
import { createOutput } from '../output.ts';
import { databaseUrl } from '../owner-database.ts';

/** `yuanlu migrate`: needs YUANLU_DATABASE_URL only, as a user that may create schemas and roles. */
export async function runMigrate(options: { json: boolean }): Promise<void> {
  const url = databaseUrl();
  const { applied } = await migrate(url).catch((error: unknown) => {
    throw aboutDatabase(error, url);
  });
  createOutput(options.json).result({ applied }, () =>
    applied.length === 0
      ? 'The schema is up to date.'
      : `Applied:\n${applied.map((name) => `  ${name}`).join('\n')}`,
  );
}
