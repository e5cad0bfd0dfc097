// Grants that were made of what somebody found, as a file of the configuration: each with a comment that says where it is from.
import { Document, isNode, isSeq } from 'yaml';
import type { ImportedGrants } from '../../../shared/grants/import-grants.ts';
import { grantWords } from '../../../shared/grants/grant-words.ts';
import { printable } from '../../../shared/telemetry/printable.ts';

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
  return document.toString({ lineWidth: 0 });
}
