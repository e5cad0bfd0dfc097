// Policies of IAM, as far as roles of ours use them: which statement allows a call. Pure. A policy in other words than these is a mistake.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

export type IamStatement = {
  sid: string;
  effect: 'Allow' | 'Deny';
  actions: readonly string[];
  resources: readonly string[];
  /** By operator and key. */
  conditions: readonly { operator: string; key: string; values: readonly string[] }[];
};

/** What one call needs: an action on a resource, and the keys that conditions ask for. */
export type IamNeed = { action: string; resource: string; context: Readonly<Record<string, string>> };

const ELEMENTS = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Condition']);

/** @throws Error for an element or operator that roles of ours do not use */
export function parseStatement(given: unknown): IamStatement {
  const statement = Object.fromEntries(Object.entries(given ?? {}));
  const sid = String(statement['Sid'] ?? '');
  for (const element of Object.keys(statement)) {
    if (!ELEMENTS.has(element)) throw new Error(`statement ${sid}: ${element} is not used here`);
  }
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw new Error(`statement ${sid} has no effect`);
  const conditions = Object.entries(statement['Condition'] ?? {}).flatMap(([operator, keys]) => {
    if (!(operator in OPERATORS)) throw new Error(`statement ${sid}: the operator ${operator} is not used here`);
    return Object.entries(keys ?? {}).map(([key, values]) => ({ operator, key, values: texts(values) }));
  });
  return { sid, effect, actions: texts(statement['Action']), resources: texts(statement['Resource']), conditions };
}

/** The statements that allow it; none where one denies it, or where none speaks of it. */
export function allowing(statements: readonly IamStatement[], need: IamNeed): IamStatement[] {
  const speaking = statements.filter((statement) => speaksOf(statement, need));
  return speaking.some(({ effect }) => effect === 'Deny') ? [] : speaking;
}

function speaksOf({ actions, resources, conditions }: IamStatement, need: IamNeed): boolean {
  return (
    actions.some((pattern) => matches(pattern.toLowerCase(), need.action.toLowerCase())) &&
    resources.some((pattern) => matches(pattern, need.resource)) &&
    conditions.every(({ operator, key, values }) => {
      const told = need.context[key];
      return told !== undefined && OPERATORS[operator]?.(told, values) === true;
    })
  );
}

const OPERATORS: Readonly<Record<string, (told: string, values: readonly string[]) => boolean>> = {
  StringEquals: (told, values) => values.includes(told),
  StringLike: (told, values) => values.some((pattern) => matches(pattern, told)),
};

/** `*` is any characters, `?` is one; slashes and colons are characters like others. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

function texts(value: unknown): string[] {
  return [value ?? []].flat().map((one) => {
    if (typeof one !== 'string') throw new Error(`a policy has ${JSON.stringify(one)} where a text is`);
    return one;
  });
}
