// JFrog Artifactory, events of the docker domain; they have neither id nor time.
// https://jfrog.com/help/r/jfrog-platform-administration-documentation/webhooks
import type * as z from 'zod';
import { record, text } from '../fields.ts';
import { splitImageName } from '../image-name.ts';
import type { PushAction } from '../push-event.ts';
import { MIB, type PushSource } from '../push-source.ts';

const Data = record({ repo_key: text, path: text, image_name: text, tag: text, sha256: text });
const Body = record({ domain: text, event_type: text, data: Data, jpd_origin: text, source: text });

const ACTIONS = new Map<string | null, PushAction>([
  ['pushed', 'push'],
  ['deleted', 'delete'],
  ['promoted', 'promote'],
]);

export const artifactory: PushSource = {
  // "header" for those that do not sign: then the secret itself is sent. Never both, or a signed receiver would take it too.
  modes: ['hmac', 'header'],
  signature: { header: 'x-jfrog-event-auth', algorithm: 'sha256', prefix: '' },
  header: 'x-jfrog-event-auth',
  maxBodyBytes: MIB,
  read: (body) => {
    const { domain, event_type: type, data, jpd_origin: origin, source } = Body.parse(body);
    const action = ACTIONS.get(type);
    if (domain !== 'docker' || action === undefined) return [];
    return [
      {
        action,
        senderType: type,
        host: splitImageName(origin).host,
        repository: repositoryOf(data),
        tag: data.tag,
        digest: data.sha256 === null ? null : `sha256:${data.sha256}`,
        actor: source,
      },
    ];
  },
  sampleHost: 'team.jfrog.io',
  sample: ({ host, repository, tag, digest }) => {
    const [key = '', ...rest] = repository.split('/');
    const image = rest.join('/');
    return {
      body: {
        domain: 'docker',
        event_type: 'pushed',
        data: {
          repo_key: key,
          path: `${image}/${tag}/manifest.json`,
          name: 'manifest.json',
          sha256: digest.replace('sha256:', ''),
          image_name: image,
          tag,
        },
        jpd_origin: `https://${host}`,
        source: 'jfrog/team',
      },
    };
  },
};

/** `image_name` may lack leading parts that the path has: `<image>/<tag>/manifest.json`. */
function repositoryOf({ repo_key: key, path, image_name: image }: z.infer<typeof Data>): string | null {
  if (key === null || image === null) return null;
  const folder = path?.split('/').slice(0, -2).join('/') ?? '';
  return folder === image || folder.endsWith(`/${image}`) ? `${key}/${folder}` : `${key}/${image}`;
}
