// What a thread of the paper press runs. Plain JavaScript, since a thread takes nothing over of how its parent reads TypeScript.
import { register } from 'tsx/esm/api';

register();
const { drawPaper } = await import('./pdf.ts');

/** @param {import('./pdf.ts').PaperOrder} order */
export default function draw(order) {
  return drawPaper(order);
}
