import { AppError } from '../../domain/errors.ts';
import { migrate } from '../../store/migrate.ts';
import { readAsFarAsPossible } from '../../workers/config.ts';
import { aboutDatabase } from '../../workers/not-there.ts';
import { createOutput } from '../output.ts';

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

/** @throws AppError `config_invalid` */
function databaseUrl(): string {
  const { config, errors } = readAsFarAsPossible(process.env);
  const wrong = errors.filter((error) => error.includes('YUANLU_DATABASE_URL'));
  if (wrong.length > 0 || config.databaseUrl === undefined)
    throw new AppError('config_invalid', { errors: wrong });
  return config.databaseUrl;
}
