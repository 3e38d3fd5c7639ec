import { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { migrate } from '../../store/migrate.ts';
import { createOutput } from '../output.ts';

/** `yuanlu migrate`: needs YUANLU_DATABASE_URL only, as a user that may create schemas and roles. */
export async function runMigrate(options: { json: boolean }): Promise<void> {
  const { applied } = await migrate(databaseUrl());
  createOutput(options.json).result({ applied }, () =>
    applied.length === 0
      ? 'The schema is up to date.'
      : `Applied:\n${applied.map((name) => `  ${name}`).join('\n')}`,
  );
}

/** @throws AppError `config_invalid` */
function databaseUrl(): string {
  const parsed = z.url({ protocol: /^postgres(ql)?$/ }).safeParse(process.env['YUANLU_DATABASE_URL']);
  if (parsed.success) return parsed.data;
  throw new AppError('config_invalid', { errors: ['YUANLU_DATABASE_URL: must be a postgres:// URL'] });
}
