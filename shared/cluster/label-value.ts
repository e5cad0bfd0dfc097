// What can stand as the value of a label, of any text.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
import { createHash } from 'node:crypto';

const LONGEST_LABEL = 63;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** The text itself where it can be the value of a label, else what is left of it and a hash that keeps it apart from others. */
export function labelValue(text: string): string {
  if (text.length <= LONGEST_LABEL && LABEL.test(text)) return text;
  const kept = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, LONGEST_LABEL - 11)
    .replace(/[^A-Za-z0-9]+$/, '');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return kept === '' ? hash : `${kept}-${hash}`;
}
