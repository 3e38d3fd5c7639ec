/** Enough of a file that is no statement to see what it is: the start of its text, without what a terminal would obey. */

const GLIMPSE_CHARACTERS = 60;

export function glimpseOf(text: string): string {
  return text.slice(0, GLIMPSE_CHARACTERS).replace(/[^\x20-\x7e\u4e00-\u9fff]/g, '·');
}
