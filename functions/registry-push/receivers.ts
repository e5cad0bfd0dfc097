// The receivers of the configuration as they are used: their secrets read, their registry with all its names, and the tokens of those
// whose credential is the path.
import { randomBytes } from 'node:crypto';
import type { Config, SecretReference } from '../../shared/config/config.ts';
import { isTransshipError, TransshipError } from '../../shared/errors.ts';
import { PUSH_SOURCES } from '../../shared/events/index.ts';
import { matchPathToken, pathToken } from '../../shared/events/path-token.ts';
import type { ReceiverKind } from '../../shared/events/push-event.ts';
import type { Receiver, ReceiverAuth } from '../../shared/events/receiver.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';
import { receiverOf, type ReceiverConfig } from './receiver-of.ts';

type FoundReceiver = Receiver & { isStandIn?: true };

export type ReceiverDirectory = {
  /**
   * The receiver of a request. `token` is the last part of its path, where there is one. For an unknown receiver, and for a wrong
   * token, it is a stand-in that lets nobody in and takes as long about it.
   */
  find(kind: ReceiverKind, id: string, token?: string): FoundReceiver;
  /** The token in the address of a receiver; undefined for one that proves itself in another way. */
  pathTokenOf(id: string): string | undefined;
};

type Surroundings = {
  resolveSecret: (reference: SecretReference) => Promise<Secret>;
  /** The key that path tokens follow from. */
  masterKey: Secret;
};

/** Reads the secrets of all receivers. @throws TransshipError invalid-config, with the receiver's name, where one cannot be read */
export async function openReceivers(
  config: Pick<Config, 'receivers' | 'registries'>,
  { resolveSecret, masterKey }: Surroundings,
): Promise<ReceiverDirectory> {
  const known = new Map<string, { kind: ReceiverKind; receiver: Receiver; generation: number | undefined }>();
  for (const one of config.receivers) {
    const receiver = await openReceiver(one, config, resolveSecret);
    known.set(one.id, { kind: one.kind, receiver, generation: generationOf(one) });
  }

  return {
    find(kind, id, token) {
      const found = known.get(id);
      const generation = found?.generation ?? 1;
      // compared for any receiver, so that its time tells nothing
      const hasToken =
        token !== undefined && matchPathToken(token, masterKey, id, [generation, generation - 1]) !== undefined;
      const isRightPath = found?.generation === undefined ? token === undefined : hasToken;
      return found?.kind === kind && isRightPath ? found.receiver : standIn(kind, id);
    },
    pathTokenOf(id) {
      const generation = known.get(id)?.generation;
      return generation === undefined ? undefined : pathToken(masterKey, id, generation);
    },
  };
}

/** For a host whose requests of receivers go elsewhere. */
export const NO_RECEIVERS: ReceiverDirectory = { find: standIn, pathTokenOf: () => undefined };

/** Of its path token, where it has one. */
function generationOf({ auth }: ReceiverConfig): number | undefined {
  return auth.mode === 'path' ? auth.generation : undefined;
}

/** One receiver with its secrets. @throws TransshipError invalid-config */
export async function openReceiver(
  one: ReceiverConfig,
  config: Pick<Config, 'registries'>,
  resolveSecret: Surroundings['resolveSecret'],
): Promise<Receiver> {
  const auth = await withSecrets(one.auth, resolveSecret).catch((error: unknown) => {
    if (!isTransshipError(error)) throw error;
    const { code, message, hint } = error;
    throw new TransshipError(code, `receiver ${one.id}: ${message}`, hint === undefined ? {} : { hint });
  });
  return receiverOf(one, config, auth);
}

async function withSecrets(
  auth: ReceiverConfig['auth'],
  resolveSecret: Surroundings['resolveSecret'],
): Promise<ReceiverAuth> {
  switch (auth.mode) {
    case 'hmac':
      return { mode: auth.mode, secrets: await Promise.all(auth.secrets.map(resolveSecret)) };
    case 'header':
      return { mode: auth.mode, name: auth.name, secrets: await Promise.all(auth.secrets.map(resolveSecret)) };
    case 'entra': {
      const { appId, ...rest } = auth;
      return { ...rest, ...(appId === undefined ? {} : { appId }) };
    }
    case 'chainguard-oidc': {
      const { mode, subject, audience, issuer } = auth;
      return {
        mode,
        subject,
        ...(audience === undefined ? {} : { audience }),
        ...(issuer === undefined ? {} : { issuer }),
      };
    }
    case 'path':
      return { mode: auth.mode };
    default:
      return auth;
  }
}

/** A receiver of the kind with a credential that nobody has. */
function standIn(kind: ReceiverKind, id: string): FoundReceiver {
  const auth = impossibleAuth(kind, randomBytes(32).toString('base64url'));
  return { id, registry: { id: '', hosts: [] }, auth, isStandIn: true };
}

function impossibleAuth(kind: ReceiverKind, secret: string): ReceiverAuth {
  const { modes, header = 'authorization' } = PUSH_SOURCES[kind];
  if (modes.includes('hmac')) return { mode: 'hmac', secrets: [secret] };
  // without keys: nobody can make us fetch some in the name of a receiver that is none
  const jwks = { keys: [] };
  if (modes.includes('google-oidc')) return { mode: 'google-oidc', audience: secret, email: secret, jwks };
  if (modes.includes('chainguard-oidc')) return { mode: 'chainguard-oidc', subject: secret, jwks };
  return { mode: 'header', name: header, secrets: [secret] };
}
