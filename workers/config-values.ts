/** Kinds of value that several variables have. */
import { z } from 'zod';

/** A whole number, both ends included. */
export function whole(min: number, max: number): z.ZodType<number, string> {
  const says = `must be a whole number from ${String(min)} to ${String(max)}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, says)
    .transform(Number)
    .refine((value) => value >= min && value <= max, says);
}

export function oneOf<const T extends readonly [string, ...string[]]>(
  ...values: T
): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(values, { error: `must be one of: ${values.join(', ')}` });
}
