// What is wrong with the keys of a pull Secret: spellings that a kubelet never finds, two credentials for one host, none for an image.
import { printable } from '../telemetry/printable.ts';
import type { AuthEntry } from './auth-entry.ts';
import type { SecretFinding } from './secret-finding.ts';
import { matching } from './docker-config.ts';
import { keyringKey, keyText } from './keyring-key.ts';
import { pulledRepository } from './pulled-repository.ts';

const HUB_KEY = 'https://index.docker.io/v1/';

/** @throws TransshipError invalid-reference */
export function checkKeys(entries: readonly AuthEntry[], image: string | undefined): SecretFinding[] {
  const known = entries.map((entry) => ({ entry, spelled: spelled(entry.key) }));
  return [
    ...known.flatMap(({ entry, spelled }) => checkSpelling(entry.key, spelled)),
    ...[...Map.groupBy(known, ({ spelled }) => spelled)].flatMap(([text, same]) =>
      text === undefined || same.length === 1
        ? []
        : [
            twice(
              text,
              same.map(({ entry }) => entry),
            ),
          ],
    ),
    ...checkHubKeys(known.map(({ spelled }) => spelled)),
    ...(image === undefined ? [] : checkImage(entries, image)),
  ];
}

/** What the kubelet makes of a key. */
function spelled(key: string): string | undefined {
  const known = keyringKey(key);
  return known === undefined ? undefined : keyText(known);
}

function checkSpelling(key: string, spelled: string | undefined): SecretFinding[] {
  const never = neverFound(key, spelled);
  if (never === undefined) return [];
  const message = `the key ${printable(key)} stands for no image: ${never.why}`;
  return [{ code: 'PS-5', severity: 'warning', message, fix: `write it as ${never.instead}` }];
}

function neverFound(key: string, spelled: string | undefined): { why: string; instead: string } | undefined {
  if (spelled === undefined) return { why: 'it is no host', instead: 'HOST[:PORT]' };
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(key)?.[0];
  if (scheme !== undefined && !/^https?:\/\/$/.test(scheme)) {
    return { why: `"${printable(scheme)}" is read as a host`, instead: printable(key.slice(scheme.length)) };
  }
  if (/^registry-1\.docker\.io(?:\/|$)/.test(spelled)) {
    return { why: 'images of Docker Hub are not looked up under its API host', instead: HUB_KEY };
  }
  if (/^index\.docker\.io\/v[12]$/.test(spelled)) return { why: 'the slash at its end is missing', instead: HUB_KEY };
  if (/\/v[12]$/.test(spelled)) {
    return {
      why: 'without a slash at its end /v2 is the beginning of a repository',
      instead: printable(spelled.slice(0, -3)),
    };
  }
  if (/^\[[^\]]*\](?:\/|$)/.test(spelled)) {
    return {
      why: 'an IPv6 address is found only with its port',
      instead: `${printable(spelled)}:443, and images alike`,
    };
  }
  return undefined;
}

function twice(text: string, same: readonly AuthEntry[]): SecretFinding {
  const keys = same.map(({ key }) => printable(key)).join(' and ');
  const isSame = new Set(same.map(({ username, password }) => JSON.stringify([username, password]))).size === 1;
  return {
    code: 'PS-10',
    severity: isSame ? 'note' : 'warning',
    message: isSame
      ? `${keys} are two spellings of one key with the same credential`
      : `${keys} are two spellings of one key with different credentials: which one is tried first is left to chance`,
    fix: `keep the one that is right, as ${printable(text)}`,
  };
}

function checkHubKeys(spelled: readonly (string | undefined)[]): SecretFinding[] {
  if (!spelled.includes('docker.io') || !spelled.includes('index.docker.io')) return [];
  return [
    {
      code: 'PS-10',
      severity: 'warning',
      message: `docker.io and ${HUB_KEY} are two keys for Docker Hub: only docker.io counts`,
      fix: `keep ${HUB_KEY}, which docker and kubectl write`,
    },
  ];
}

function checkImage(entries: readonly AuthEntry[], image: string): SecretFinding[] {
  if (matching(entries, image).length > 0) return [];
  const { host } = pulledRepository(image);
  const key = host === 'docker.io' ? HUB_KEY : host;
  const near = entries.find((entry) => nameOf(keyringKey(entry.key)?.host) === nameOf(host));
  const why = near === undefined ? '' : `; ${printable(near.key)} is another port or path of it`;
  return [
    {
      code: 'PS-5',
      severity: 'error',
      message: `no key stands for ${printable(image)}${why}`,
      fix: `add key ${printable(key)}`,
    },
  ];
}

function nameOf(host: string | undefined): string | undefined {
  return host?.replace(/:[0-9]*$/, '');
}
