// A secret that is read when it is needed: each time anew, since what it stands in may be rotated.
import type { Secret } from '../telemetry/secret.ts';

export type SecretSource = {
  /** Where it stands, never what it is: `env AZURE_SECRET`, `file /run/secrets/key.json`. Part of the issuer's id and of hints. */
  name: string;
  /** @throws TransshipError invalid-config */
  read(): Promise<Secret>;
};
