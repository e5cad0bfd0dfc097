// Harbor, in both of its formats: its own, also in the older form of 1.x, and CloudEvents.
// https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/
import type * as z from 'zod';
import { record, records, text, time } from '../fields.ts';
import { splitImageName } from '../image-name.ts';
import type { PushAction } from '../push-event.ts';
import { MIB, type PushSource, type SentEvent } from '../push-source.ts';

const Data = record({
  resources: records({ tag: text, digest: text, resource_url: text }),
  repository: record({ repo_full_name: text, namespace: text, name: text }),
});
const Body = record({ type: text, operator: text, occur_at: time, event_data: Data, time, id: text, data: Data });

const ACTIONS = new Map<string, PushAction>([
  ['PUSH_ARTIFACT', 'push'],
  ['PULL_ARTIFACT', 'pull'],
  ['DELETE_ARTIFACT', 'delete'],
  ['pushImage', 'push'],
  ['pullImage', 'pull'],
  ['deleteImage', 'delete'],
  ['harbor.artifact.pushed', 'push'],
  ['harbor.artifact.pulled', 'pull'],
  ['harbor.artifact.deleted', 'delete'],
]);

// The name under which a proxy cache stores what it fetched: https://github.com/goharbor/harbor/issues/19982
const PROXY_CACHE = 'harbor#proxy-cache-service';

export const harbor: PushSource = {
  modes: ['header'],
  header: 'authorization',
  maxBodyBytes: MIB,
  read: readHarbor,
  sampleHost: 'harbor.example.com',
  sample: ({ host, repository, tag, digest, occurredAt }) => ({
    body: {
      type: 'PUSH_ARTIFACT',
      occur_at: Math.trunc(Date.parse(occurredAt) / 1000),
      operator: 'admin',
      event_data: {
        resources: [{ digest, tag, resource_url: `${host}/${repository}:${tag}` }],
        repository: { repo_full_name: repository, repo_type: 'private' },
      },
    },
  }),
};

/** One event for each resource of the body. */
export function readHarbor(body: unknown): SentEvent[] {
  const { type, operator, ...sent } = Body.parse(body);
  const action = ACTIONS.get(type ?? '');
  if (action === undefined) return [];
  const isCloudEvent = type?.startsWith('harbor.') === true;
  const { resources, repository } = isCloudEvent ? sent.data : sent.event_data;
  return resources.map((resource) => {
    const url = splitImageName(resource.resource_url);
    return {
      action: action === 'push' && operator === PROXY_CACHE ? 'cache' : action,
      senderType: type,
      host: url.host,
      repository: url.host === null ? fullName(repository) : url.path,
      // an untagged artifact has its digest for a tag, which is not taken for one later
      tag: resource.tag ?? url.tag,
      digest: resource.digest ?? url.digest,
      actor: operator,
      sentAt: isCloudEvent ? sent.time : sent.occur_at,
      eventId: isCloudEvent ? sent.id : null,
    };
  });
}

function fullName({ repo_full_name: full, namespace, name }: z.infer<typeof Data>['repository']): string | null {
  if (full !== null) return full;
  return namespace === null || name === null ? name : `${namespace}/${name}`;
}
