// The members of a JSON object as they stand in the text: what is not ours has to stay as it is, byte for byte.

export type JsonMember = { name: string; nameText: string; valueText: string };

const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;

/** Of a text that is known to be a JSON object, in its order. */
export function membersOf(object: string): JsonMember[] {
  const members: JsonMember[] = [];
  let at = object.indexOf('{') + 1;
  for (;;) {
    at = skipSpace(object, at);
    if (object[at] === ',') at = skipSpace(object, at + 1);
    if (object[at] !== '"') return members;
    const nameEnd = endOfString(object, at);
    const nameText = object.slice(at, nameEnd);
    const valueStart = skipSpace(object, skipSpace(object, nameEnd) + 1);
    at = endOfValue(object, valueStart);
    const name: unknown = JSON.parse(nameText);
    members.push({ name: String(name), nameText, valueText: object.slice(valueStart, at).trimEnd() });
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '-')) at += 1;
  return at;
}

function endOfString(text: string, from: number): number {
  STRING.lastIndex = from;
  return from + (STRING.exec(text)?.[0].length ?? text.length);
}

/** Where the comma or the bracket after the value stands. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '"') at = endOfString(text, at) - 1;
    else if (sign === '{' || sign === '[') depth += 1;
    else if (depth === 0 && (sign === ',' || sign === '}' || sign === ']')) return at;
    else if (sign === '}' || sign === ']') depth -= 1;
  }
  return text.length;
}
