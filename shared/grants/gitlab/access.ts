// Where GitLab itself is, and by which access token it is asked: a registry of GitLab has another host than GitLab.
import type { RegistryConfig } from '../../config/config.ts';
import { TransshipError } from '../../errors.ts';
import type { ReadSecret } from '../../registries/connection-material.ts';
import { vendorLogin } from '../vendor-login.ts';
import type { GitlabKey } from './gitlab-api.ts';

/** @throws TransshipError invalid-config */
export function gitlabAccess(
  host: string,
  entry: RegistryConfig | undefined,
  read: ReadSecret,
): { base: URL; key: GitlabKey } {
  const { credential } = entry ?? {};
  const form = typeof credential === 'object' && 'gitlabDeployToken' in credential ? credential : undefined;
  const own = form?.gitlabDeployToken;
  const address = own?.api ?? (host === 'registry.gitlab.com' ? 'https://gitlab.com' : undefined);
  if (address === undefined) {
    throw new TransshipError('invalid-config', `which GitLab makes the deploy tokens for ${host} is not known`, {
      hint: 'name it and an access token of it: credential: { gitlabDeployToken: { api: https://gitlab.acme.io, group: …, token: … } }',
      details: { registry: host, operation: 'open grants' },
    });
  }
  const login = vendorLogin(host, entry, read);
  const key: GitlabKey = own === undefined ? async () => (await login()).password : () => read(own.token);
  return { base: new URL(address), key };
}
