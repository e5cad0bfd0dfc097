// Keeps passwords that registries show only once in Secrets of clusters, as pulls need them: one Secret may have the logins of several
// registries, and only its own is changed. A Secret that somebody else made, the distribution of credentials too, is left alone.
import type { Cluster } from '../cluster/cluster.ts';
import { fieldManagerOf } from '../cluster/field-manager.ts';
import { isObject } from '../cluster/json-fields.ts';
import { labelValue } from '../cluster/label-value.ts';
import { createSecret, getSecret, updateSecret, type WholeSecret } from '../cluster/secrets.ts';
import { TransshipError, isTransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import type { SecretPlace } from './grant.ts';
import type { KeepSecret, ShownOnce } from './keep-secret.ts';

/** Whose it is: the instance. */
const MARK = 'transship.io/grant-secret';
// https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
const TYPE = 'kubernetes.io/dockerconfigjson';
const KEY = '.dockerconfigjson';
const MOST_TRIES = 5;

type Auths = Readonly<Record<string, unknown>>;

export function keepSecretInCluster(instance: string, clusterOf: (name: string) => Promise<Cluster>): KeepSecret {
  const fieldManager = fieldManagerOf(instance);

  async function write(cluster: Cluster, place: SecretPlace, shown: ShownOnce): Promise<void> {
    const found = await getSecret(cluster, place);
    if (found === undefined) {
      const labels = { [MARK]: labelValue(instance) };
      const data = { [KEY]: withLogin({}, shown) };
      await createSecret(cluster, { ...place, type: TYPE, data, labels, annotations: {} }, { fieldManager });
      return;
    }
    const auths = authsOf(found, place, instance);
    await updateSecret(cluster, found, { data: { [KEY]: withLogin(auths, shown) } }, { fieldManager });
  }

  return {
    async keep(place, shown) {
      const cluster = await clusterOf(place.cluster);
      for (let tries = 1; ; tries += 1) {
        try {
          await write(cluster, place, shown);
          return;
        } catch (error) {
          // made or changed by somebody since it was read
          if (!isTransshipError(error, 'object-conflict') || tries === MOST_TRIES) throw error;
        }
      }
    },
    async has(place, { registry, username }) {
      const found = await getSecret(await clusterOf(place.cluster), place);
      if (found === undefined || !isOurs(found, instance)) return false;
      const login = authsOf(found, place, instance)[registry];
      return isObject(login) && login['username'] === username && typeof login['password'] === 'string';
    },
  };
}

function isOurs({ labels, type }: WholeSecret, instance: string): boolean {
  return labels[MARK] === labelValue(instance) && type === TYPE;
}

/** @throws TransshipError conflict-refused for a Secret of somebody else, and for one of ours that somebody made unreadable */
function authsOf(secret: WholeSecret, { cluster, namespace, name }: SecretPlace, instance: string): Auths {
  const refused = (why: string, hint: string): TransshipError =>
    new TransshipError('conflict-refused', `Secret ${namespace}/${name} of cluster ${cluster} ${why}`, {
      hint,
      details: { cluster, namespace, name },
    });
  if (!isOurs(secret, instance)) throw refused('is not one of our grants', 'name another Secret in the grant');
  const auths = parsedAuths(secret.data.get(KEY));
  if (auths === undefined) throw refused('holds no docker config any more', 'remove it: it is made anew');
  return auths;
}

/** Undefined: it cannot be read. */
function parsedAuths(content: Secret | undefined): Auths | undefined {
  try {
    const config: unknown = JSON.parse(content?.reveal() ?? '');
    const auths = isObject(config) ? config['auths'] : undefined;
    return isObject(auths) ? auths : undefined;
  } catch {
    // the parser's message quotes what may be a password
    return undefined;
  }
}

function withLogin(auths: Auths, { registry, username, password }: ShownOnce): Secret {
  const auth = Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64');
  const login = { username, password: password.reveal(), auth };
  return new Secret(JSON.stringify({ auths: { ...auths, [registry]: login } }));
}
