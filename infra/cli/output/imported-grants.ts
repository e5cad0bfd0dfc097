// Grants that were made of what somebody found, as a file of the configuration: each with a comment that says where it is from. Whoever may
// make a binding chooses names that stand in it: they are neither variables nor anything that a terminal obeys.
import { Document, isNode, isSeq, visit } from 'yaml';
import { withoutVariables } from '../../../shared/config/interpolate.ts';
import type { ImportedGrants } from '../../../shared/grants/import-grants.ts';
import { grantWords } from '../../../shared/grants/grant-words.ts';
import { printable } from '../../../shared/telemetry/printable.ts';

const INVISIBLE = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu;

export function grantsYaml({ imported, known }: ImportedGrants): string {
  const document = new Document({ version: 1, grants: imported.map(({ grant }) => grantWords(grant)) });
  const list = document.get('grants', true);
  for (const [index, { finding }] of imported.entries()) {
    const item = isSeq(list) ? list.items[index] : undefined;
    if (!isNode(item)) continue;
    const { object, target, who, flags } = finding;
    const place = target.place === '' ? target.host : `${target.host}/${target.place}`;
    item.commentBefore = ` ${printable([`${object} at ${place}: ${who.join(', ')}`, ...flags].join('; '), 500)}`;
  }
  if (imported.length === 0) document.commentBefore = ' nothing that a grant could say as well';
  const said = known.map(
    ({ grant, finding }) => ` ${printable(`${finding.object}: grant ${grant} says the same`, 300)}`,
  );
  if (said.length > 0) document.comment = said.join('\n');
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value !== 'string') return;
      const text = withoutVariables(scalar.value);
      scalar.value = text;
      if (text.search(INVISIBLE) >= 0) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 }).replaceAll(INVISIBLE, escaped);
}

/** As texts in double quotes have it. https://yaml.org/spec/1.2.2/#57-escaped-characters */
function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
