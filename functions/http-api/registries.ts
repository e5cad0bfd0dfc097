// The route of registries: which there are, how each of them answers just now, as whom it knows us, and what it lets us have yet.
import * as z from 'zod';
import type { RegistryStatus } from '../../shared/registries/probe-registry.ts';
import type { ApiDeps } from './api-deps.ts';
import { issuedSchema, issuedView } from './credentials/issued-view.ts';
import { mayUseRegistries, mayUseRule, registriesOf, type Identity } from './identity.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const AT_ONCE = 8;
/** So long an answer of a registry is good: asked often, it is not asked as often. */
const FRESH_MS = 15_000;

const registrySchema = z
  .object({
    registry: z.string().describe('as references name it'),
    rules: z.array(z.string()).describe('those that read or write it'),
    isReachable: z.boolean().optional().describe('it answered, if only with a refusal'),
    login: z
      .object({
        kind: z.enum(['anonymous', 'password', 'token']),
        username: z.string().optional(),
        renewAt: z.iso.datetime().optional().describe('when the credential is asked for anew'),
      })
      .optional(),
    quota: z
      .object({
        limit: z.int(),
        remaining: z.int(),
        windowSeconds: z.int().optional(),
        seenAt: z.iso.datetime(),
      })
      .optional()
      .describe('requests that were left when the registry last said so'),
    credential: issuedSchema.optional(),
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
  })
  .meta({ id: 'Registry' });

type RegistryView = Pick<z.input<typeof registrySchema>, 'registry' | 'rules'> & Partial<RegistryStatus>;

export function addRegistries(api: Api, deps: ApiDeps): void {
  const probe = freshProbe(deps);

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
      const items: RegistryView[] = [];
      for (let start = 0; start < hosts.length; start += AT_ONCE) {
        const some = hosts.slice(start, start + AT_ONCE);
        items.push(...(await Promise.all(some.map(async (host) => viewOf(host, await probe(host), identity, deps)))));
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

function viewOf(registry: string, status: Partial<RegistryStatus>, identity: Identity, deps: ApiDeps): RegistryView {
  const rules = deps
    .config()
    .rules.filter((rule) => mayUseRule(identity, rule) && registriesOf(rule).includes(registry));
  return { registry, rules: rules.map(({ name }) => name), ...status, ...issuedView(registry, deps) };
}

/** Asks a registry, unless it was asked just before; those that ask at the same time wait for the same answer. */
function freshProbe({ clock, probeRegistry }: ApiDeps): (host: string) => Promise<Partial<RegistryStatus>> {
  const known = new Map<string, { atMs: number; status: Promise<RegistryStatus> }>();

  return async (host) => {
    if (probeRegistry === undefined) return {};
    const nowMs = clock.now().getTime();
    let entry = known.get(host);
    if (entry === undefined || nowMs - entry.atMs >= FRESH_MS) {
      entry = { atMs: nowMs, status: probeRegistry(host) };
      known.set(host, entry);
      // a fault is told to those who waited, and not kept
      entry.status.catch(() => known.delete(host));
    }
    return entry.status;
  };
}
