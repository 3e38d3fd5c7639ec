import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileOfForm } from '../../receipts/form-file.ts';

function form(parts: readonly (readonly [string, Uint8Array])[], boundary: string): Buffer {
  const chunks = parts.flatMap(([name, content]) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="a.pdf"\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]);
}

describe('the file of a form', () => {
  test('is found as it was sent, whatever bytes it has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (content) => {
        const body = form(
          [
            ['other', Buffer.from('x')],
            ['receipt', content],
          ],
          'xyzzy-0123456789',
        );
        expect(fileOfForm(body, 'multipart/form-data; boundary=xyzzy-0123456789', 'receipt')).toEqual(
          Buffer.from(content),
        );
      }),
    );
  });

  test.each([
    ['no boundary', 'multipart/form-data', form([['receipt', Buffer.from('x')]], 'b')],
    ['another boundary', 'multipart/form-data; boundary=c', form([['receipt', Buffer.from('x')]], 'b')],
    ['no such field', 'multipart/form-data; boundary=b', form([['other', Buffer.from('x')]], 'b')],
    ['no end', 'multipart/form-data; boundary=b', Buffer.from('--b\r\nname="receipt"\r\n\r\nx')],
    ['a head without end', 'multipart/form-data; boundary=b', Buffer.from(`--b\r\n${'x'.repeat(100_000)}`)],
    ['parts without end', 'multipart/form-data; boundary=b', Buffer.from('--b\r\n\r\n\r\n'.repeat(10_000))],
    ['nothing', 'multipart/form-data; boundary=b', Buffer.alloc(0)],
  ])('is none in a body with %s', (_what, type, body) => {
    expect(fileOfForm(body, type, 'receipt')).toBeNull();
  });
});
