// Resolves the intrinsic functions of a packaged CloudFormation template against what was created, as far as templates of ours use them.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html.

export type TemplateResource = {
  Type: string;
  Properties?: Record<string, unknown>;
  Condition?: string;
  DeletionPolicy?: string;
  DependsOn?: string | readonly string[];
};
export type Template = {
  Parameters?: Record<string, { Type: string; Default?: unknown }>;
  Conditions?: Record<string, unknown>;
  Resources: Record<string, TemplateResource>;
  Outputs?: Record<string, { Value: unknown; Export?: { Name: unknown } }>;
};

/** What `Ref` and `Fn::GetAtt` of a resource give. */
export type CreatedResource = { ref: string; attributes: Readonly<Record<string, string>> };

export type ResolveContext = {
  template: Template;
  /** Parameters, and pseudo parameters as `AWS::Region`. */
  parameters: Readonly<Record<string, unknown>>;
  resources: ReadonlyMap<string, CreatedResource>;
  imports?: Readonly<Record<string, string>>;
};

const NO_VALUE = Symbol('AWS::NoValue');

/** @throws Error that names what cannot be resolved */
export function resolve(value: unknown, context: ResolveContext): unknown {
  const resolved = resolveValue(value, context);
  return resolved === NO_VALUE ? undefined : resolved;
}

/** True where the resource has no condition, or it holds. */
export function isWanted({ Condition }: TemplateResource, context: ResolveContext): boolean {
  return Condition === undefined || condition(Condition, context);
}

function resolveValue(value: unknown, context: ResolveContext): unknown {
  if (Array.isArray(value)) return value.map((one) => resolveValue(one, context)).filter((one) => one !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [[name, argument] = ['', undefined]] = entries;
  if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::'))) return intrinsic(name, argument, context);
  const resolved = entries.map(([key, one]): [string, unknown] => [key, resolveValue(one, context)]);
  return Object.fromEntries(resolved.filter(([, one]) => one !== NO_VALUE));
}

function intrinsic(name: string, argument: unknown, context: ResolveContext): unknown {
  const inner = () => resolveValue(argument, context) as unknown[];
  switch (name) {
    case 'Ref':
      return ref(String(argument), context);
    case 'Fn::GetAtt': {
      const [id = '', ...path] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
      return attribute(id, path.join('.'), context);
    }
    case 'Fn::Sub':
      return substitute(argument, context);
    case 'Fn::Join': {
      const [separator, parts] = inner() as [string, unknown[]];
      return parts.join(separator);
    }
    case 'Fn::Select': {
      const [index, list] = inner() as [number | string, unknown[]];
      return list[Number(index)];
    }
    case 'Fn::Split': {
      const [separator, text] = inner() as [string, string];
      return text.split(separator);
    }
    case 'Fn::If': {
      const [test, yes, no] = argument as [string, unknown, unknown];
      return resolveValue(condition(test, context) ? yes : no, context);
    }
    case 'Fn::ImportValue':
      return imported(String(resolveValue(argument, context)), context);
    case 'Fn::Base64':
      return Buffer.from(String(resolveValue(argument, context))).toString('base64');
    default:
      throw new Error(`the emulator does not know ${name}`);
  }
}

function ref(id: string, { parameters, resources }: ResolveContext): unknown {
  if (id === 'AWS::NoValue') return NO_VALUE;
  const found = resources.get(id)?.ref ?? parameters[id];
  if (found === undefined) throw new Error(`Ref ${id}: nothing of that name was created`);
  return found;
}

function attribute(id: string, name: string, { resources }: ResolveContext): string {
  const found = resources.get(id)?.attributes[name];
  if (found === undefined) throw new Error(`Fn::GetAtt ${id}.${name}: not known of what was created`);
  return found;
}

function substitute(argument: unknown, context: ResolveContext): string {
  const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Record<string, unknown>];
  return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (Object.hasOwn(own, name)) return String(resolveValue(own[name], context));
    const [id = '', ...path] = name.split('.');
    return path.length === 0 ? String(ref(id, context)) : attribute(id, path.join('.'), context);
  });
}

function imported(name: string, { imports = {} }: ResolveContext): string {
  const found = imports[name];
  if (found === undefined) throw new Error(`Fn::ImportValue ${name}: no other stack exports it here`);
  return found;
}

function condition(name: string, context: ResolveContext): boolean {
  const test = context.template.Conditions?.[name];
  if (test === undefined) throw new Error(`no condition is called ${name}`);
  return holds(test, context);
}

function holds(test: unknown, context: ResolveContext): boolean {
  const [[name, argument] = ['', undefined]] = Object.entries(test as Record<string, unknown>);
  const parts = argument as unknown[];
  if (name === 'Fn::Equals') return resolveValue(parts[0], context) === resolveValue(parts[1], context);
  if (name === 'Fn::Not') return !holds(parts[0], context);
  if (name === 'Fn::And') return parts.every((one) => holds(one, context));
  if (name === 'Fn::Or') return parts.some((one) => holds(one, context));
  if (name === 'Condition') return condition(String(argument), context);
  throw new Error(`the emulator does not know ${name} in a condition`);
}
