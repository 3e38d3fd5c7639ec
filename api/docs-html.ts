/** HTML as text, for pages that need no script. What comes from outside goes through {@link escaped}. */

/** Text that may stand in an element or in a quoted attribute. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Text in which `code` is marked as in Markdown; nothing else of Markdown is known. */
export function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((one) => `<th scope="col">${escaped(one)}</th>`).join('');
  // Cells and rows end where the next one begins: by the HTML standard they need no end of their own, a tenth of the page.
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}`).join('')}`).join('\n');
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

/** A block that is read; `run` marks one that a test runs as it stands. */
export function block(text: string, kind: 'run' | 'shown' = 'shown'): string {
  return `<pre class="${kind}"><code>${escaped(text)}</code></pre>`;
}
