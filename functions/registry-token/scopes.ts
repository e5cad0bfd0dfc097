// Reads the scopes that a client of a registry asks for. What is none is passed over: nothing is given for it.
// https://distribution.github.io/distribution/spec/auth/scope/

export type Access = {
  /** `repository`, `registry`, or whatever stands there. */
  type: string;
  name: string;
  actions: readonly string[];
};

/** One entry for each resource, in the order in which they are asked for; each text holds some scopes, with spaces between them. */
export function readScopes(texts: readonly string[]): Access[] {
  const found = new Map<string, Pick<Access, 'type' | 'name'> & { actions: Set<string> }>();
  for (const scope of texts.flatMap((text) => text.split(' '))) {
    const access = readScope(scope);
    if (access === undefined) continue;
    const key = `${access.type}:${access.name}`;
    const known = found.get(key) ?? { ...access, actions: new Set() };
    // added to, not made anew: whoever asks need not have logged in, and a form has room for thousands of them
    for (const action of access.actions) known.actions.add(action);
    found.set(key, known);
  }
  return [...found.values()].map((one) => ({ ...one, actions: [...one.actions] }));
}

/** The name may have colons in it, of a port: the first and the last one count. */
function readScope(text: string): Access | undefined {
  const [first, last] = [text.indexOf(':'), text.lastIndexOf(':')];
  if (first <= 0 || last <= first + 1) return undefined;
  const actions = text.slice(last + 1).split(',');
  return {
    type: text.slice(0, first),
    name: text.slice(first + 1, last),
    actions: actions.filter((one) => one !== ''),
  };
}
