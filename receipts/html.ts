/** Markup in which no text can become markup: whatever is put into a template is escaped, unless it is markup already. */

/** Made by {@link html} and {@link trusted} only. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | false | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template whose holes are escaped; lists are joined, null and false leave nothing. Attributes are put in quotes. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    texts.map((text, index) => text + (index < parts.length ? shown(parts[index]) : '')).join(''),
  );
}

/** For constants of our own, such as a style sheet. Never for anything that came from outside. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function shown(part: Part | undefined): string {
  if (part === undefined || part === null || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(shown).join('');
  return String(part).replace(/[&<>"']/g, (letter) => ESCAPES[letter] ?? '');
}
