/** What a statement's download address answers: the file's bytes, or why there are none. */
import { AppError } from '../domain/errors.ts';
import type { HttpClient } from './http-client.ts';

/**
 * Opens an address that the account allows and returns the bytes behind it.
 * @throws AppError `channel_unreachable`, or `statement_host_refused` when it leads elsewhere
 */
export async function openDownload(
  open: () => ReturnType<HttpClient['stream']>,
): Promise<AsyncIterable<Buffer>> {
  let opened: Awaited<ReturnType<HttpClient['stream']>>;
  try {
    opened = await open();
  } catch (error) {
    throw new AppError(
      'channel_unreachable',
      { why: 'the statement cannot be downloaded' },
      { cause: error },
    );
  }
  if (opened.status === 200) return opened.body;
  if (opened.status >= 300 && opened.status < 400)
    throw new AppError('statement_host_refused', { why: 'the download address redirects' });
  throw new AppError('channel_unreachable', {
    why: `the download address answered ${String(opened.status)}`,
  });
}
