// What the roles of a packaged template may do: the statements of each function, out of its role and the policies that are attached to it.
import { isWanted, resolve, type ResolveContext } from './intrinsics.ts';
import { parseStatement, type IamStatement } from './iam-policy.ts';

/** By the name of the function, as its bundle is called. */
export type RolePolicies = ReadonlyMap<string, readonly IamStatement[]>;

type Document = { Statement: unknown };

/** @throws Error for a policy that cannot be read */
export function rolePolicies(context: ResolveContext): RolePolicies {
  const resources = Object.values(context.template.Resources)
    .filter((resource) => isWanted(resource, context))
    .filter(({ Type }) => /^AWS::(?:IAM::(?:Role|Policy|ManagedPolicy)|Lambda::Function)$/.test(Type));
  const named = Object.entries(context.template.Resources);
  const byRole = new Map<string, IamStatement[]>();
  const add = (role: string, document: Document): void => {
    const statements = [document.Statement].flat().map(parseStatement);
    byRole.set(role, [...(byRole.get(role) ?? []), ...statements]);
  };
  for (const resource of resources) {
    const properties = Object.fromEntries(Object.entries(resource.Properties ?? {}));
    if (resource.Type === 'AWS::IAM::Role') {
      const id = named.find(([, one]) => one === resource)?.[0] ?? '';
      const role = String(resolve({ 'Fn::GetAtt': [id, 'Arn'] }, context));
      for (const { PolicyDocument } of listOf<{ PolicyDocument: Document }>(properties['Policies'], context)) {
        add(role, PolicyDocument);
      }
    } else if (resource.Type !== 'AWS::Lambda::Function') {
      const document = resolve(properties['PolicyDocument'], context) as Document;
      for (const role of listOf<string>(properties['Roles'], context)) {
        add(`arn:aws:iam::${String(context.parameters['AWS::AccountId'])}:role/${role}`, document);
      }
    }
  }
  const functions = resources.filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return new Map(
    functions.map(({ Properties = {} }) => {
      const [, name = ''] = /([^/]+)\/index\.handler$/.exec(String(resolve(Properties['Handler'], context))) ?? [];
      return [name, byRole.get(String(resolve(Properties['Role'], context))) ?? []];
    }),
  );
}

function listOf<One>(value: unknown, context: ResolveContext): One[] {
  return (resolve(value, context) ?? []) as One[];
}
