// A cluster in memory, as far as the distribution of credentials sees one: it shows what a run would observe and carries out what was
// planned, strictly: a change of what is not there as the plan saw it fails the test.
import { PULL_SECRET_TYPE } from '../../shared/credentials/read-content.ts';
import { neededCredentials } from '../../shared/credentials/needed-credentials.ts';
import type { CredentialChange } from '../../shared/credentials/credential-change.ts';
import type { DesiredCredentials } from '../../shared/credentials/desired.ts';
import type { ObservedCluster, ObservedNamespace, ObservedSecret } from '../../shared/credentials/observed.ts';
import { MARK_ANNOTATIONS, MARK_LABELS, writeMarks } from '../../shared/credentials/secret-marks.ts';
import { Secret } from '../../shared/telemetry/secret.ts';

type Texts = Readonly<Record<string, string>>;

export type PlannedCluster = {
  readonly whole: ObservedCluster;
  /** What a run sees: content only where it was said to be needed. */
  observe(desired: DesiredCredentials, now: Date): ObservedCluster;
  apply(changes: readonly CredentialChange[]): void;
  /** Somebody else puts a Secret there, or replaces it. */
  put(namespace: string, name: string, secret: Partial<ObservedSecret> & { config?: string }): void;
  remove(namespace: string, secret: string): void;
  secret(namespace: string, name: string): ObservedSecret | undefined;
  config(namespace: string, name: string): string | undefined;
  references(namespace: string, serviceAccount?: string): readonly string[];
  /** Of Secrets, since the beginning. */
  writes(): number;
};

export type NamespaceSeed = {
  name: string;
  labels?: Texts;
  isTerminating?: boolean;
  serviceAccounts?: readonly { name: string; labels?: Texts; imagePullSecrets?: readonly string[] }[];
};

export function plannedCluster(name: string, seeds: readonly NamespaceSeed[]): PlannedCluster {
  let version = 1;
  let written = 0;
  const next = (): string => String((version += 1));
  const namespaces = new Map(seeds.map((seed) => [seed.name, namespaceOf(seed, next)]));

  const at = (namespace: string): ObservedNamespace => {
    const found = namespaces.get(namespace);
    if (found === undefined) throw new Error(`no Namespace ${namespace}`);
    return found;
  };
  const store = (namespace: string, secret: ObservedSecret): void => {
    const old = at(namespace);
    namespaces.set(namespace, { ...old, secrets: new Map(old.secrets).set(secret.name, secret) });
  };
  const drop = (namespace: string, secret: string): void => {
    const old = at(namespace);
    namespaces.set(namespace, { ...old, secrets: new Map([...old.secrets].filter(([name]) => name !== secret)) });
  };
  const present = (change: {
    namespace: string;
    secret: string;
    uid: string;
    resourceVersion: string;
  }): ObservedSecret => {
    const secret = at(change.namespace).secrets.get(change.secret);
    if (secret?.uid === change.uid && secret.resourceVersion === change.resourceVersion) return secret;
    throw new Error(`Secret ${change.namespace}/${change.secret} is not what was planned for`);
  };
  const refer = (
    change: Extract<CredentialChange, { kind: 'attach-reference' | 'detach-reference' }>,
    edit: (names: readonly string[]) => readonly string[],
  ): void => {
    const old = at(change.namespace);
    const serviceAccounts = old.serviceAccounts.map((account) => {
      if (account.uid !== change.uid) return account;
      return { ...account, resourceVersion: next(), imagePullSecrets: edit(account.imagePullSecrets) };
    });
    namespaces.set(change.namespace, { ...old, serviceAccounts });
  };
  const write = (namespace: string, secret: ObservedSecret): void => {
    written += 1;
    store(namespace, { ...secret, resourceVersion: next() });
  };

  const cluster: PlannedCluster = {
    get whole() {
      return { name, namespaces: [...namespaces.values()] };
    },
    observe(desired, now) {
      const { contents } = neededCredentials(desired, cluster.whole, now);
      const known = new Set(contents.map(({ namespace, secret }) => `${namespace}/${secret}`));
      const shown = (namespace: ObservedNamespace): ObservedNamespace => ({
        ...namespace,
        secrets: new Map(
          [...namespace.secrets].map(([name, { content, ...rest }]) => {
            const isKnown = content !== undefined && known.has(`${namespace.name}/${name}`);
            return [name, isKnown ? { ...rest, content } : rest];
          }),
        ),
      });
      return { name, namespaces: [...namespaces.values()].map(shown) };
    },
    apply(changes) {
      for (const change of changes) {
        const { namespace } = change;
        if (change.kind === 'attach-reference') refer(change, (names) => [...names, ...change.secrets]);
        if (change.kind === 'detach-reference')
          refer(change, (names) => names.filter((one) => !change.secrets.includes(one)));
        if (change.kind === 'create-secret') {
          if (at(namespace).secrets.has(change.secret)) throw new Error(`Secret ${change.secret} is there already`);
          const content = { type: PULL_SECRET_TYPE, isImmutable: false, dockerConfig: change.content };
          const base = { name: change.secret, uid: `uid-${next()}`, resourceVersion: next() };
          write(namespace, { ...base, ...writeMarks(change.marks), content });
        }
        if (change.kind === 'update-secret') {
          const old = released(present(change));
          const { labels, annotations } = writeMarks(change.marks);
          write(namespace, {
            ...old,
            labels: { ...old.labels, ...labels },
            annotations: { ...old.annotations, ...annotations },
            content: { type: PULL_SECRET_TYPE, isImmutable: false, dockerConfig: change.content },
          });
        }
        if (change.kind === 'release-secret') {
          const content = { type: PULL_SECRET_TYPE, isImmutable: false, dockerConfig: change.content };
          write(namespace, { ...released(present(change)), content });
        }
        if (change.kind === 'delete-secret') {
          present(change);
          drop(namespace, change.secret);
        }
      }
    },
    put(namespace, name, { config, ...secret }) {
      const old = at(namespace).secrets.get(name);
      const content = {
        type: PULL_SECRET_TYPE,
        isImmutable: false,
        dockerConfig: new Secret(config ?? '{"auths":{}}'),
      };
      const base = old ?? { name, uid: `uid-${next()}`, resourceVersion: '', labels: {}, annotations: {}, content };
      store(namespace, {
        ...base,
        ...(config === undefined
          ? {}
          : { content: { ...content, ...base.content, dockerConfig: content.dockerConfig } }),
        ...secret,
        resourceVersion: next(),
      });
    },
    remove: drop,
    secret: (namespace, name) => at(namespace).secrets.get(name),
    config: (namespace, name) => at(namespace).secrets.get(name)?.content?.dockerConfig?.reveal(),
    references: (namespace, account = 'default') =>
      at(namespace).serviceAccounts.find(({ name }) => name === account)?.imagePullSecrets ?? [],
    writes: () => written,
  };
  return cluster;
}

function namespaceOf(seed: NamespaceSeed, next: () => string): ObservedNamespace {
  const accounts = seed.serviceAccounts ?? [{ name: 'default' }];
  return {
    name: seed.name,
    uid: `uid-${next()}`,
    labels: seed.labels ?? {},
    isTerminating: seed.isTerminating ?? false,
    secrets: new Map(),
    serviceAccounts: accounts.map(({ name, labels = {}, imagePullSecrets = [] }) => {
      return { name, labels, imagePullSecrets, uid: `uid-${next()}`, resourceVersion: next() };
    }),
  };
}

function released(secret: ObservedSecret): ObservedSecret {
  const without = (texts: Texts, names: readonly string[]): Texts =>
    Object.fromEntries(Object.entries(texts).filter(([name]) => !names.includes(name)));
  return {
    ...secret,
    labels: without(secret.labels, MARK_LABELS),
    annotations: without(secret.annotations, MARK_ANNOTATIONS),
  };
}
