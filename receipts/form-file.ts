/** The file of a form as browsers send it without a script (multipart/form-data), found by its delimiter and not copied. */

const HEAD_BYTES_MAX = 2_048;
const PARTS_MAX = 8;
const HEAD_END = '\r\n\r\n';

/** The content of the field; null where the body is no such form, or has no such field among its first parts. */
export function fileOfForm(body: Buffer, contentType: string, field: string): Buffer | null {
  const [, boundary] = /\bboundary="?([0-9A-Za-z'()+_,./:=?-]{1,70})"?/.exec(contentType) ?? [];
  if (boundary === undefined) return null;
  const delimiter = `--${boundary}`;
  let at = body.indexOf(delimiter);
  for (let part = 0; part < PARTS_MAX && at >= 0; part += 1) {
    const headAt = at + delimiter.length;
    const headEnd = body.indexOf(HEAD_END, headAt);
    if (headEnd < 0 || headEnd - headAt > HEAD_BYTES_MAX) return null;
    const begin = headEnd + HEAD_END.length;
    const end = body.indexOf(`\r\n${delimiter}`, begin);
    if (end < 0) return null;
    const head = body.toString('latin1', headAt, headEnd);
    if (head.includes(`name="${field}"`)) return body.subarray(begin, end);
    at = end + 2;
  }
  return null;
}
