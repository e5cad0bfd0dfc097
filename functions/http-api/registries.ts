// The route of registries: which there are, and how each of them answers just now.
import * as z from 'zod';
import type { ApiDeps, RegistryProbe } from './api-deps.ts';
import { mayUseRegistries, mayUseRule, registriesOf, type Identity } from './identity.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const AT_ONCE = 8;

const registrySchema = z
  .looseObject({
    registry: z.string().describe('as references name it'),
    rules: z.array(z.string()).describe('those that read or write it'),
    isReachable: z.boolean().optional(),
  })
  .meta({ id: 'Registry' });

export function addRegistries(api: Api, deps: ApiDeps): void {
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/registries',
      access: 'read',
      tag: 'registries',
      summary: 'List the registries of the configuration and its rules',
      answers: { 200: { description: 'All of them', schema: z.object({ items: z.array(registrySchema) }) } },
    },
    async ({ identity }) => {
      const hosts = visibleRegistries(identity, deps);
      const items: z.input<typeof registrySchema>[] = [];
      for (let start = 0; start < hosts.length; start += AT_ONCE) {
        const some = hosts.slice(start, start + AT_ONCE).map((host) => viewOf(host, identity, deps));
        items.push(...(await Promise.all(some)));
      }
      return Response.json({ items });
    },
  );
}

function visibleRegistries(identity: Identity, { config }: ApiDeps): string[] {
  const { registries, rules } = config();
  const ofRules = rules.filter((rule) => mayUseRule(identity, rule)).flatMap(registriesOf);
  const configured = identity.rules === undefined ? registries.map(({ host }) => host) : [];
  return [...new Set([...configured, ...ofRules])].filter((host) => mayUseRegistries(identity, [host])).sort();
}

async function viewOf(registry: string, identity: Identity, deps: ApiDeps): Promise<z.input<typeof registrySchema>> {
  const rules = deps
    .config()
    .rules.filter((rule) => mayUseRule(identity, rule) && registriesOf(rule).includes(registry));
  const probe: RegistryProbe = (await deps.probeRegistry?.(registry)) ?? {};
  return { ...probe, registry, rules: rules.map(({ name }) => name) };
}
