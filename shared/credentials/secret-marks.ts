// The marks on the Secrets that are ours: whose they are and when they have to be looked at again. The whole state of the distribution
// stands in them, so that any host can go on where another one stopped.
import { labelValue } from '../cluster/label-value.ts';

/** Labels and annotations stand under this domain. */
export const MARK_DOMAIN = 'transship.io';

export type SecretMarks = {
  /** The instance: two of them never touch each other's. Label `managed-by`. */
  instance: string;
  /** The rule. Label `binding`; one that cannot be a label stands there in a form that can. */
  rule: string;
  /** Keys of `auths` that are ours, sorted. Annotation `hosts`. */
  hosts: readonly string[];
  /** When the first of its credentials ends; absent: none does. Annotation `expires-at`. */
  expiresAt?: Date;
  /** From then on the first of them is issued anew; absent: none ends. Annotation `refresh-at`. */
  refreshAt?: Date;
  /** Of the rule's and the registries' configuration, never of a password. Annotation `inputs-hash`. */
  inputsHash: string;
  /** One for each registry whose credential is in it, sorted. Annotation `credentials`, as JSON. */
  credentials: readonly CredentialMark[];
  /** Once no rule wants it any more, it goes: the rule itself may be gone by then. Annotation `prune`. */
  prune: boolean;
};

export type CredentialMark = {
  registry: string;
  hosts: readonly string[];
  /** Of what the credential depends on. */
  inputsHash: string;
  expiresAt?: Date;
  refreshAt?: Date;
};

export type Metadata = { labels: Readonly<Record<string, string>>; annotations: Readonly<Record<string, string>> };

const MANAGED_BY = `${MARK_DOMAIN}/managed-by`;
const BINDING = `${MARK_DOMAIN}/binding`;
const HOSTS = `${MARK_DOMAIN}/hosts`;
const EXPIRES_AT = `${MARK_DOMAIN}/expires-at`;
const REFRESH_AT = `${MARK_DOMAIN}/refresh-at`;
const INPUTS_HASH = `${MARK_DOMAIN}/inputs-hash`;
const CREDENTIALS = `${MARK_DOMAIN}/credentials`;
const PRUNE = `${MARK_DOMAIN}/prune`;

/** Argo CD neither shows what is not in Git as a difference nor removes it. https://argo-cd.readthedocs.io/en/stable/user-guide/compare-options/ */
export const GITOPS: Readonly<Record<string, string>> = {
  'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
  'argocd.argoproj.io/sync-options': 'Prune=false',
};

/** What `writeMarks` may set: whoever releases a Secret removes these. */
export const MARK_LABELS: readonly string[] = [MANAGED_BY, BINDING];
export const MARK_ANNOTATIONS: readonly string[] = [
  HOSTS,
  EXPIRES_AT,
  REFRESH_AT,
  INPUTS_HASH,
  CREDENTIALS,
  PRUNE,
  ...Object.keys(GITOPS),
];

/** True if both labels say so: never by a name or a part of one. */
export function isOurs({ labels }: Pick<Metadata, 'labels'>, instance: string, rule: string): boolean {
  return isOfInstance({ labels }, instance) && labels[BINDING] === labelValue(rule);
}

/** True for what some rule of this instance has written. */
export function isOfInstance({ labels }: Pick<Metadata, 'labels'>, instance: string): boolean {
  return labels[MANAGED_BY] === labelValue(instance) && labels[BINDING] !== undefined;
}

/** The label that selects all that is this instance's. */
export function instanceSelector(instance: string): string {
  return `${MANAGED_BY}=${labelValue(instance)}`;
}

/** Whose it is, for people; undefined where no instance of Transship says that it is. */
export function ownerOf({ labels }: Pick<Metadata, 'labels'>): { instance: string; rule: string } | undefined {
  const [instance, rule] = [labels[MANAGED_BY], labels[BINDING]];
  return instance === undefined || rule === undefined ? undefined : { instance, rule };
}

/** What stands at the Secret; annotations that are not in it are to be removed. */
export function writeMarks(marks: SecretMarks): Metadata {
  return {
    labels: { [MANAGED_BY]: labelValue(marks.instance), [BINDING]: labelValue(marks.rule) },
    annotations: {
      ...GITOPS,
      [HOSTS]: marks.hosts.join(','),
      ...(marks.expiresAt === undefined ? {} : { [EXPIRES_AT]: timeText(marks.expiresAt) }),
      ...(marks.refreshAt === undefined ? {} : { [REFRESH_AT]: timeText(marks.refreshAt) }),
      [INPUTS_HASH]: marks.inputsHash,
      [CREDENTIALS]: JSON.stringify(marks.credentials.map(toStored)),
      ...(marks.prune ? { [PRUNE]: 'true' } : {}),
    },
  };
}

/** Undefined where no instance marked it. Marks that somebody damaged read as if nothing of it were known: all is issued anew. */
export function readMarks({ labels, annotations }: Metadata): SecretMarks | undefined {
  const owner = ownerOf({ labels });
  if (owner === undefined) return undefined;
  const credentials = readCredentials(annotations[CREDENTIALS]);
  return {
    ...owner,
    ...summaryOf(credentials),
    inputsHash: annotations[INPUTS_HASH] ?? '',
    credentials,
    prune: annotations[PRUNE] === 'true',
  };
}

/** What follows from the single credentials: the keys, and the first of each time. */
export function summaryOf(
  credentials: readonly CredentialMark[],
): Pick<SecretMarks, 'hosts' | 'expiresAt' | 'refreshAt'> {
  const expiresAt = earliest(credentials.map((mark) => mark.expiresAt));
  const refreshAt = earliest(credentials.map((mark) => mark.refreshAt));
  return {
    hosts: credentials.flatMap(({ hosts }) => hosts).toSorted(),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(refreshAt === undefined ? {} : { refreshAt }),
  };
}

function earliest(times: readonly (Date | undefined)[]): Date | undefined {
  const known = times.filter((time) => time !== undefined).map((time) => time.getTime());
  return known.length === 0 ? undefined : new Date(Math.min(...known));
}

function toStored({ registry, hosts, inputsHash, expiresAt, refreshAt }: CredentialMark): Record<string, unknown> {
  return {
    registry,
    hosts,
    inputsHash,
    ...(expiresAt === undefined ? {} : { expiresAt: timeText(expiresAt) }),
    ...(refreshAt === undefined ? {} : { refreshAt: timeText(refreshAt) }),
  };
}

/** As Kubernetes writes times: in UTC, in whole seconds. */
function timeText(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

function readCredentials(text: string | undefined): CredentialMark[] {
  const stored = parseJson(text ?? '[]');
  if (!Array.isArray(stored)) return [];
  const marks = stored.map(fromStored);
  return marks.every((mark) => mark !== undefined) ? marks : [];
}

function fromStored(stored: unknown): CredentialMark | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { registry, hosts, inputsHash, expiresAt, refreshAt }: Record<string, unknown> = { ...stored };
  const isWhole = typeof registry === 'string' && typeof inputsHash === 'string' && isTexts(hosts);
  if (!isWhole || !isTime(expiresAt) || !isTime(refreshAt)) return undefined;
  return {
    registry,
    hosts,
    inputsHash,
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
    ...(refreshAt === undefined ? {} : { refreshAt: new Date(refreshAt) }),
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isTime(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
