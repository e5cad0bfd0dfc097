// The pull probe of a configuration's section `registries`, with little patience.
import { readConfig } from '../../../shared/config/load.ts';
import { resolveSecret } from '../../../shared/config/secrets.ts';
import { openPullProbe } from '../../../shared/registries/configured-probe.ts';
import type { IssuedCredential } from '../../../shared/registries/issuer.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

type Options = Partial<Parameters<typeof openPullProbe>[1]>;

/** @param entries the section as YAML */
export function probeOf(entries: string, options: Options = {}): ReturnType<typeof openPullProbe> {
  const text = `version: 1\nregistries:\n${entries.trim().replaceAll(/^/gm, '  ')}\n`;
  const { config } = readConfig([{ file: 'transship.yaml', text }], { env: {}, homeDir: '/', cwd: '/' });
  return openPullProbe(config.registries, {
    env: {},
    homeDir: '/nonexistent',
    readSecret: (reference) => resolveSecret(reference, { env: {} }),
    timeouts: { connectMs: 2_000, responseMs: 300, stallMs: 300 },
    ...options,
  });
}

export function credentialOf(username: string, password: string, expiresAt?: Date): IssuedCredential {
  return {
    username,
    secret: new Secret(password),
    issuedAt: new Date(0),
    identity: username,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
