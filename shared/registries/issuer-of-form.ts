// One issuer for each form in which a configuration gives a credential.
import type { RegistryConfig } from '../config/config.ts';
import { TransshipError } from '../errors.ts';
import type { RetryPolicy } from '../oci/http/retry.ts';
import type { Timeouts } from '../oci/http/timeouts.ts';
import { cloudIdentity, cloudOf, type CloudForm } from './cloud-identity.ts';
import { cloudIssuer } from './cloud-issuers.ts';
import type { ReadSecret } from './connection-material.ts';
import { dockerConfigIssuer, helperIssuer } from './docker-config-issuer.ts';
import type { LocationOptions } from './docker-config-locations.ts';
import { githubAppIssuer } from './ghcr-app.ts';
import { gitlabDeployTokenIssuer } from './gitlab-deploy-tokens.ts';
import { robotEnd } from './harbor-robot-accounts.ts';
import { harborRobotsIssuer } from './harbor-robots.ts';
import type { Issuer } from './issuer.ts';
import { quayRobotIssuer } from './quay-robot.ts';
import { secretSource } from './secret-source.ts';
import {
  serviceAccountIssuer,
  serviceAccountSource,
  type RequestServiceAccountToken,
} from './service-account-issuer.ts';
import { readLogin, staticIssuer } from './static-issuer.ts';
import { ownApi, type ApiPlace } from './vendor-api.ts';
import type { Cloud } from './vendor.ts';
import { vendorOf } from './vendors.ts';

export type IssuerSurroundings = Pick<LocationOptions, 'env' | 'homeDir' | 'authfile'> & {
  readSecret: ReadSecret;
  /** Absent where this process reaches no clusters. */
  requestServiceAccountToken?: RequestServiceAccountToken;
  /** PEM texts, trusted beside the system's. */
  certificateAuthorities?: readonly string[];
  /** Registries, as references name them, that are spoken to without TLS. */
  plainHttpHosts?: readonly string[];
  timeouts?: Partial<Timeouts>;
  retries?: Partial<RetryPolicy>;
  now?: () => number;
};

/** A registry with every key that a pull Secret needs for it. */
export type FormPlace = ApiPlace & { hosts: readonly string[]; kind: string | undefined };

type Credential = NonNullable<RegistryConfig['credential']>;
type Form<Key extends string> = Extract<Credential, Record<Key, unknown>>;

/** @throws TransshipError invalid-config where there is no login, or none of that form at such a registry */
export function issuerOfForm(
  credential: Credential | undefined,
  place: FormPlace,
  surroundings: IssuerSurroundings,
): Issuer {
  const { host, hosts } = place;
  const { readSecret, now = Date.now, requestServiceAccountToken: request } = surroundings;
  if (credential === 'anonymous') throw noLogin(host);
  if (credential === undefined || 'docker' in credential) {
    return dockerConfigIssuer(dockerOptions(credential?.docker.file, place, surroundings, now));
  }
  if ('password' in credential) return passwordIssuer(credential, place, readSecret, now);
  if ('helper' in credential) {
    return helperIssuer({ ...dockerOptions(undefined, place, surroundings, now), helper: credential.helper });
  }
  if ('serviceAccount' in credential) {
    return serviceAccountIssuer({ host, hosts, identity: credential.serviceAccount, request, now });
  }
  if ('githubApp' in credential) {
    const { privateKey, ...app } = credential.githubApp;
    return githubAppIssuer(place, hosts, { ...app, key: secretSource(privateKey, readSecret) }, now);
  }
  if ('quayRobot' in credential) {
    const { robot, token, serviceAccount = NOBODY } = credential.quayRobot;
    const subject =
      token === undefined ? serviceAccountSource(serviceAccount, request, host) : secretSource(token, readSecret);
    return quayRobotIssuer(place, hosts, { robot, subject }, now);
  }
  if ('harborRobots' in credential) {
    const { robots, admin, key, everyMs } = credential.harborRobots;
    const readAdmin = () => readLogin(admin, readSecret);
    const sourceName = JSON.stringify([admin, key]);
    const options = { robots, readAdmin, readKey: () => readSecret(key), sourceName, everyMs };
    return harborRobotsIssuer(place, hosts, options, now);
  }
  if ('gitlabDeployToken' in credential) {
    const { project, group = '', token, ...rest } = credential.gitlabDeployToken;
    const owner =
      project === undefined ? `/groups/${encodeURIComponent(group)}` : `/projects/${encodeURIComponent(project)}`;
    return gitlabDeployTokenIssuer(place, hosts, { ...rest, owner, token: secretSource(token, readSecret) }, now);
  }
  return identityIssuer(credential, place, readSecret);
}

/** The schema sees to it that one of token and ServiceAccount is there. */
const NOBODY = { cluster: '', namespace: '', name: '' };

function dockerOptions(
  file: string | undefined,
  { host, hosts, kind }: FormPlace,
  { env, homeDir, authfile }: IssuerSurroundings,
  now: () => number,
) {
  const named = file === undefined ? {} : { authfile: file, askedBy: 'the configuration' as const };
  const given = file === undefined && authfile !== undefined ? { authfile } : named;
  return { host, hosts, kind: vendorOf(host, kind).kind, locations: { env, homeDir, ...given }, now };
}

/** Harbor may tell when a robot ends; others do not tell by the login alone. */
function passwordIssuer(login: Form<'password'>, place: FormPlace, readSecret: ReadSecret, now: () => number): Issuer {
  const { host, hosts, kind } = place;
  const options = { host, hosts, login, readSecret, now };
  if (vendorOf(host, kind).kind !== 'harbor') return staticIssuer(options);
  const api = ownApi({ ...place, retries: { tries: 1 } });
  return staticIssuer({
    ...options,
    // Users of Harbor have no "$" in their names.
    lookUpEnd: async (robot, { signal }) =>
      robot.username.includes('$') ? robotEnd({ registry: host, api, login: robot, now, signal }) : undefined,
  });
}

function identityIssuer(credential: CloudForm, place: FormPlace, read: ReadSecret): Issuer {
  const identity = cloudIdentity(credential, read);
  const { kind } = vendorOf(place.host, place.kind);
  const issuer = cloudIssuer(kind, place, identity);
  if (issuer === undefined) throw notOffered(place.host, kind, cloudOf(identity));
  return { ...issuer, hosts: [...new Set([...issuer.hosts, ...place.hosts])] };
}

function noLogin(host: string): TransshipError {
  return new TransshipError('invalid-config', `there is no credential for ${host}: its entry says anonymous`, {
    hint: `leave ${host} out where credentials are distributed, or give its entry a credential`,
    details: { registry: host, operation: 'issue credential' },
  });
}

const HELPERS: Readonly<Record<Cloud, string>> = { aws: 'ecr-login', google: 'gcloud', azure: 'acr-env' };

/** A cloud's identity where another cloud's registry is. */
function notOffered(host: string, kind: string, cloud: Cloud): TransshipError {
  return new TransshipError(
    'invalid-config',
    `${host}: credential { ${cloud}: … } does not log in to a registry of kind ${kind}`,
    {
      hint: `name its kind if it is one of that cloud, or use a credential helper: credential: { helper: ${HELPERS[cloud]} }`,
      details: { registry: host, operation: 'log in' },
    },
  );
}
