// Reads the XML that the oldest APIs of AWS answer with: elements and texts. Attributes are passed over, there are none that matter.
import { TransshipError } from '../../../shared/errors.ts';

export type XmlElement = { name: string; text: string; children: readonly XmlElement[] };

type Open = { name: string; text: string; children: XmlElement[] };

const PARTS =
  /<\?[^>]*\?>|<!--[\s\S]*?-->|<\/(?<end>[^\s>]+)\s*>|<(?<start>[^\s/>]+)[^>]*?(?<empty>\/?)>|(?<text>[^<]+)/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The outermost element. @throws TransshipError invalid-response */
export function readXml(text: string): XmlElement {
  const root: Open = { name: '', text: '', children: [] };
  const open: Open[] = [root];
  for (const { groups = {} } of text.matchAll(PARTS)) {
    const inner = open.at(-1) ?? root;
    if (groups['text'] !== undefined) inner.text += unescaped(groups['text']);
    else if (groups['start'] !== undefined) {
      const element: Open = { name: groups['start'], text: '', children: [] };
      inner.children.push(element);
      if (groups['empty'] === '') open.push(element);
    } else if (groups['end'] !== undefined && open.pop()?.name !== groups['end']) throw noXml();
  }
  const [outermost] = root.children;
  if (open.length !== 1 || outermost === undefined) throw noXml();
  return outermost;
}

/** The elements at the end of a path of names: `['Stacks', 'member']`. */
export function elementsAt(element: XmlElement, [name, ...others]: readonly string[]): readonly XmlElement[] {
  if (name === undefined) return [element];
  return element.children.filter((child) => child.name === name).flatMap((child) => elementsAt(child, others));
}

/** The text of the first element there. */
export function textAt(element: XmlElement, path: readonly string[]): string | undefined {
  return elementsAt(element, path)[0]?.text;
}

function unescaped(text: string): string {
  return text.replace(/&(?:#x(?<hex>[0-9a-f]+)|#(?<number>\d+)|(?<name>\w+));/gi, (whole, hex, number, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(String(hex), 16));
    if (number !== undefined) return String.fromCodePoint(Number(number));
    return ENTITIES[String(name)] ?? whole;
  });
}

function noXml(): TransshipError {
  return new TransshipError('invalid-response', 'AWS answered with something that is no XML', {
    hint: 'check the address of the AWS API (AWS_ENDPOINT_URL) and the proxy',
  });
}
