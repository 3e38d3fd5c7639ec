/** Files of settings that a command brings in: JSON, small, of one shape. */
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import type { ErrorCode } from '../domain/errors.ts';
import { AppError } from '../domain/errors.ts';

/** Far more than any of them has. */
const BYTES_MAX = 64 * 1024;

/** @throws AppError with `code`, every fault of the file in `errors` */
export async function readJsonFile<T>(file: string, schema: z.ZodType<T>, code: ErrorCode): Promise<T> {
  const text = await readFile(file, 'utf8');
  const parsed = schema.safeParse(text.length > BYTES_MAX ? null : parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AppError(code, {
    errors: parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
