// The configuration of the demo's server, as a person would write it: its credentials stand in files beside it.
import type { NotificationEndpoint } from '../registry/options.ts';

export type ConfigParts = { source: string; open: string; locked: string; port: number };

/** Files beside the configuration that it refers to. */
export const PASSWORD_FILE = 'locked-password';
export const WEBHOOK_FILE = 'webhook-secret';

const RECEIVER = 'source';

/** How often the one rule sweeps that hears of no push. */
const SWEEP_EVERY_SECONDS = 4;

/** @param username who logs in to the locked registry */
export function configText({ source, open, locked, port }: ConfigParts, username: string): string {
  return `version: 1

registries:
  "${source}": { plainHttp: true, credential: anonymous }
  "${open}": { plainHttp: true, credential: anonymous }
  "${locked}":
    plainHttp: true
    credential: { username: ${username}, password: { file: ./${PASSWORD_FILE} } }

mirrors:
  - name: on-push # the registry's webhook starts a copy
    from: ${source}/demo/{app,worker,model}
    to: ["${open}/{repository}", "${locked}/{repository}"] # one read of the source feeds both
    tags: { semver: ">=1" }
    schedule: off
  - name: swept # compared again and again, whatever the webhook tells
    from: ${source}/demo/tools
    to: ["${open}/{repository}", "${locked}/{repository}"]
    tags: { semver: ">=1" }
    schedule: { every: ${SWEEP_EVERY_SECONDS}s }

receivers:
  - id: ${RECEIVER}
    kind: distribution
    registry: ${source}
    auth: { mode: header, name: authorization, secrets: [{ file: ./${WEBHOOK_FILE} }] }

api: { listen: "127.0.0.1:${port}" }

dataDir: ./data
`;
}

/** Where the source sends its notifications; the configuration of the other side. */
export function webhookTo(port: number, secret: string): NotificationEndpoint {
  return {
    url: `http://127.0.0.1:${port}/hooks/distribution/${RECEIVER}`,
    headers: { authorization: secret },
    ignoreActions: ['pull'],
    backoffMs: 200,
  };
}
