// The Secrets that a rule wants in each of its Namespaces: one for all its registries, or one for each.
import { createHash } from 'node:crypto';
import type { CredentialRule } from './credential-rule.ts';

export type SecretTarget = { rule: CredentialRule; secret: string; registries: readonly string[] };

// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
const LONGEST_NAME = 253;

/** In the order of the registries; the names depend on nothing but the rule's Secret and the one registry. */
export function secretTargets(rule: CredentialRule): SecretTarget[] {
  const registries = [...new Set(rule.registries)];
  if (rule.secret.layout === 'merged') return [{ rule, secret: rule.secret.name, registries }];
  return registries.map((registry) => ({
    rule,
    secret: secretNameFor(rule.secret.name, registry),
    registries: [registry],
  }));
}

/** `registry-pull-harbor.acme.io`; a port or what else a name cannot have costs the readable form a hash at its end. */
function secretNameFor(name: string, registry: string): string {
  const plain = `${name}-${registry}`;
  const readable = plain
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/[-.]+$/, '')
    .replace(/-*\.[-.]*/g, '.');
  if (readable === plain && plain.length <= LONGEST_NAME) return plain;
  const hash = createHash('sha256').update(registry).digest('hex').slice(0, 8);
  return `${readable.slice(0, LONGEST_NAME - 9).replace(/[-.]+$/, '')}-${hash}`;
}
