// How the clusters of each cloud are logged in to, put together from who we are there and what the configuration says of them.
import type { CloudLogins } from '../../shared/cluster/cloud-login.ts';
import type { SecretReference } from '../../shared/config/config.ts';
import { secretSource } from '../../shared/registries/secret-source.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';

type Surroundings = {
  env: NodeJS.ProcessEnv;
  readSecret: (reference: SecretReference) => Promise<Secret>;
};

export function cloudLogins({ env, readSecret }: Surroundings): CloudLogins {
  const surroundings = { env, now: Date.now };
  const source = (reference: SecretReference | undefined) =>
    reference === undefined ? undefined : secretSource(reference, readSecret);
  return {
    async eks({ ca, ...settings }) {
      const { eksLogin } = await import('../../shared/identity/aws-eks.ts');
      const authority = ca === undefined ? {} : { certificateAuthority: (await readSecret(ca)).reveal() };
      return eksLogin({ ...settings, ...authority }, surroundings);
    },
    async gke({ credentials, impersonate, ...settings }) {
      const { gkeLogin } = await import('../../shared/identity/google-gke.ts');
      return gkeLogin(settings, surroundings, { impersonate, file: source(credentials) });
    },
    async aks({ clientSecret, certificate, ...settings }) {
      const { aksLogin } = await import('../../shared/identity/azure-aks.ts');
      const proofs = { clientSecret: source(clientSecret), certificate: source(certificate) };
      return aksLogin({ ...settings, ...proofs }, surroundings);
    },
  };
}
