// Rules of `credentials` that have nothing to distribute, or that want the same Secret in the same Namespace.
import type { CredentialRule } from '../credentials/credential-rule.ts';
import { secretTargets } from '../credentials/secret-target.ts';
import { positionOf, type ConfigNode, type ConfigPath } from './config-node.ts';
import { hostOfNames } from './host-of-names.ts';
import { parseHost } from './hosts.ts';
import { overlapOf } from './namespace-overlap.ts';
import { problemAt } from './problem-at.ts';
import type { ConfigProblem } from './problem.ts';
import type { ConfigFile } from './schema/schema.ts';
import { toCredentialRule } from './to-config.ts';

type Found = { problems: ConfigProblem[]; warnings: ConfigProblem[] };

/** Problems where rules surely meet, warnings where it depends on the labels of the Namespaces. */
export function checkCredentials(root: ConfigNode, file: ConfigFile): Found {
  const names = hostOfNames(file);
  const rules = file.credentials.map((rule) => toCredentialRule(rule, names));
  const clashes = findClashes(root, rules);
  return { problems: [...checkRegistries(root, file, names), ...clashes.problems], warnings: clashes.warnings };
}

function checkRegistries(root: ConfigNode, file: ConfigFile, names: ReadonlyMap<string, string>): ConfigProblem[] {
  const entries = new Map(Object.entries(file.registries).map(([key, entry]) => [parseHost(key), entry]));
  return file.credentials.flatMap(({ registries, clusters }, index) => {
    const path = ['credentials', index];
    const hosts = registries.map((text) => names.get(parseHost(text)) ?? parseHost(text));
    const twice = [
      ...repeated(root, [...path, 'registries'], registries, hosts),
      ...repeated(root, [...path, 'clusters'], clusters, clusters),
    ];
    const without = hosts.flatMap((host, place) => {
      const entry = entries.get(host);
      const isOpen = entry?.credential === 'anonymous';
      if (entry === undefined || (entry.credential !== undefined && !isOpen)) return [];
      const message = isOpen ? `${host} is read without a login` : `it is not said how to log in to ${host}`;
      const hint = isOpen
        ? 'leave it out here, or give it a credential in registries'
        : 'give it a credential in registries: { docker: {} } takes what "docker login" left on this machine';
      return [problemAt(root, [...path, 'registries', place], { text: registries[place] ?? '', message, hint })];
    });
    return [...twice, ...without];
  });
}

/** What is named a second time, whatever it is called there. */
function repeated(
  root: ConfigNode,
  path: ConfigPath,
  texts: readonly string[],
  names: readonly string[],
): ConfigProblem[] {
  return texts.flatMap((text, place) => {
    if (names.indexOf(names[place] ?? '') === place) return [];
    const message = `${names[place]} stands here twice`;
    return [problemAt(root, [...path, place], { text, message, hint: 'keep one of the two' })];
  });
}

function findClashes(root: ConfigNode, rules: readonly CredentialRule[]): Found {
  const found: Found = { problems: [], warnings: [] };
  for (const [index, rule] of rules.entries()) {
    for (const [before, other] of rules.slice(0, index).entries()) {
      const cluster = rule.clusters.find((one) => other.clusters.includes(one));
      const secret = cluster === undefined ? undefined : sharedSecret(rule, other);
      const overlap = secret === undefined ? 'never' : overlapOf(rule.namespaces, other.namespaces);
      if (overlap === 'never') continue;
      const { line } = positionOf(root, ['credentials', before]);
      const may = overlap === 'surely' ? 'want' : 'may want';
      const told = {
        text: rule.secret.name,
        message: `this rule and "${other.name}" (line ${line}) ${may} the Secret ${secret} in the same Namespace of ${cluster}`,
        hint: 'give each rule a Secret of its own, or put their registries into one rule',
      };
      const list = overlap === 'surely' ? found.problems : found.warnings;
      list.push(problemAt(root, ['credentials', index, 'secret', 'name'], told));
    }
  }
  return found;
}

/** The name of a Secret that both want. */
function sharedSecret(rule: CredentialRule, other: CredentialRule): string | undefined {
  const names = secretNames(other);
  return secretNames(rule).find((name) => names.includes(name));
}

function secretNames(rule: CredentialRule): string[] {
  return secretTargets(rule).map(({ secret }) => secret);
}
