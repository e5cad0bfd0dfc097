// What Docker's config.json, containers' auth.json or a helper program holds, for the pull Secrets of clusters: there, only a user name
// and a password count, so that everything else is refused with the reason. https://github.com/kubernetes/website/issues/14304
import { TransshipError } from '../errors.ts';
import type { Credential } from '../oci/auth/credential.ts';
import type { Secret } from '../telemetry/secret.ts';
import { credentialSource } from './credentials.ts';
import { readDockerConfig } from './docker-config-file.ts';
import { credentialFiles, type LocationOptions } from './docker-config-locations.ts';
import { helperFor, serverUrl } from './docker-config-lookup.ts';
import { issuedCredential } from './issued-credential.ts';
import type { IssuedCredential, Issuer } from './issuer.ts';

type Options = {
  host: string;
  hosts: readonly string[];
  kind: string;
  locations: LocationOptions;
  now: () => number;
};

/** The user under which ACR takes an identity token as a password. https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md */
const ACR_USER = '00000000-0000-0000-0000-000000000000';
/** Users whose tokens tell nothing of their end: Google's, which live for an hour at most and may be used ones. */
const TOKEN_USERS = new Set(['oauth2accesstoken', '_token', '_dcgcloud_token', '_gcloud_token']);
const TOKEN_LIFE_MS = 30 * 60_000;

/** By the files; each issue reads them and asks their helpers anew. */
export function dockerConfigIssuer(options: Options): Issuer {
  const { host, hosts, locations } = options;
  return {
    id: JSON.stringify(['docker', host, locations.authfile ?? '']),
    hosts,
    async issue() {
      const found = await credentialSource(locations)({ registry: host });
      if (found.kind === 'anonymous') throw await nothingFound(host, locations);
      return fromFound(options, found);
    },
  };
}

/** By one helper program that the configuration names. */
export function helperIssuer({ helper, ...options }: Options & { helper: string }): Issuer {
  const { host, hosts, locations } = options;
  return {
    id: JSON.stringify(['helper', helper, host]),
    hosts,
    async issue() {
      const { askCredentialHelper } = await import('./credential-helper.ts');
      const found = await askCredentialHelper(helper, serverUrl(host), { env: locations.env });
      if (found === undefined) {
        throw refused(
          host,
          `the credential helper docker-credential-${helper} has none for it`,
          `log in where the helper runs, and look: echo ${serverUrl(host)} | docker-credential-${helper} get`,
        );
      }
      return fromFound(options, found);
    },
  };
}

function fromFound({ host, kind, now }: Options, found: Credential): IssuedCredential {
  const at = now();
  const issue = (username: string, secret: Secret): IssuedCredential => {
    const assumed = TOKEN_USERS.has(username) ? { expiresAt: new Date(at + TOKEN_LIFE_MS) } : {};
    return issuedCredential({ registry: host, username, secret, now: at, ...assumed });
  };
  if (found.kind === 'basic') return issue(found.username, found.password);
  if (found.kind === 'identityToken' && kind === 'acr') return issue(ACR_USER, found.token);
  const what = found.kind === 'identityToken' ? 'an identity token' : 'a registry token';
  throw refused(
    host,
    `what was found is ${what}, which kubelets do not use`,
    `give user name and password or a token in registries: credential: { username: …, password: { file: PATH } }`,
  );
}

async function nothingFound(host: string, locations: LocationOptions): Promise<TransshipError> {
  const files = credentialFiles(locations);
  for (const file of files) {
    const config = await readDockerConfig(file);
    const helper = config === undefined ? undefined : helperFor(config, host);
    if (helper === undefined) continue;
    return refused(
      host,
      `${file.path} leaves it to the helper program "${helper}", which has none; the file itself holds no credential`,
      `log in as the user that runs this, or give it in registries: "${host}": { credential: … }`,
    );
  }
  const [named] = files;
  const where = files.length === 1 && named !== undefined ? named.path : 'the files of Docker and containers';
  return refused(
    host,
    `neither the configuration nor ${where} has one`,
    `add to transship.yaml: registries: { "${host}": { credential: … } }, or log in with "docker login ${host}"`,
  );
}

function refused(host: string, reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', `there is no credential for ${host}: ${reason}`, {
    hint,
    details: { registry: host, operation: 'issue credential' },
  });
}
