/** Words for people in China and elsewhere: whatever is shown or sent is said in both languages. */
export interface Bilingual {
  readonly zh: string;
  readonly en: string;
}
