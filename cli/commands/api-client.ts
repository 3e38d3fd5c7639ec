/** The CLI's way to the HTTP API: one axios instance, problems turned into the catalogue's errors. */
import axios, { AxiosError } from 'axios';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { AppError, isErrorCode } from '../../domain/errors.ts';

/** For what looks through a whole day of lines, millions of them perhaps. */
export const DAY_TIMEOUT_MS = 10 * 60_000;

/**
 * Whatever it calls throws AppError `api_unavailable` when there is no answer.
 * @throws AppError `config_invalid` when YUANLU_API_KEY is missing.
 */
export function apiClient(env: Readonly<Record<string, string | undefined>> = process.env): AxiosInstance {
  const key = env['YUANLU_API_KEY'];
  if (key === undefined || key === '') {
    throw new AppError('config_invalid', {
      errors: ['YUANLU_API_KEY: an API key of your merchant (yuanlu dev prints one)'],
    });
  }
  const client = axios.create({
    baseURL: env['YUANLU_API_URL'] ?? 'http://127.0.0.1:8080',
    headers: { authorization: `Bearer ${key}` },
    timeout: 15_000,
    proxy: false,
    maxRedirects: 0,
    validateStatus: () => true,
  });
  client.interceptors.response.use(undefined, (error: unknown) => {
    throw unreachable(error);
  });
  return client;
}

/** No answer at all: refused, reset, not found, or too late. The key in the request's headers goes nowhere. */
function unreachable(error: unknown): unknown {
  if (!(error instanceof AxiosError) || error.response !== undefined) return error;
  return new AppError('api_unavailable', {
    url: error.config?.baseURL ?? '',
    why: error.code ?? error.message,
  });
}

/** The answer's body, or the problem it describes as an AppError. */
export function bodyOf(response: AxiosResponse<unknown>): Record<string, unknown> {
  const { data, status } = response;
  const body = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  if (status < 400) return body;
  const code = body['code'];
  // Whoever answered without a code of the catalogue was not the API: a proxy, or another server.
  const stranger = status >= 500 ? 'api_unavailable' : 'request_invalid';
  throw new AppError(typeof code === 'string' && isErrorCode(code) ? code : stranger, {
    status,
    ...(typeof body['detail'] === 'string' ? { detail: body['detail'] } : {}),
    ...(Array.isArray(body['errors']) ? { errors: body['errors'].map((one) => JSON.stringify(one)) } : {}),
  });
}
