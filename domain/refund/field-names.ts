/** What a field of a piece of evidence is called outside, in the API and in proof packs alike: `landsIn` is `lands_in`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
