/** JSON bodies, read strictly: UTF-8 that is UTF-8, and nothing that would touch prototypes. */
import { AppError } from '../domain/errors.ts';
import type { App } from './app.ts';

/** Takes `application/json` and nothing else. */
export function acceptStrictJson(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(
        Buffer.isBuffer(body) ? body : Buffer.from(body),
      );
    } catch {
      done(new AppError('request_invalid', { sentence: 'The body is not UTF-8.' }), undefined);
      return;
    }
    void parse(request, text, done);
  });
}
