// CloudEvents of any other sender, by the names that those in use have in common.
// https://github.com/cloudevents/spec
import { type CloudEvent, readCloudEvents } from '../cloud-event.ts';
import { ecrHost } from '../ecr-host.ts';
import { record, text } from '../fields.ts';
import { splitImageName } from '../image-name.ts';
import { hostOrNull } from '../names.ts';
import type { PushAction } from '../push-event.ts';
import { MIB, type PushSource, type SentEvent } from '../push-source.ts';

const Data = record({
  repositoryName: text,
  repository: text,
  imageTag: text,
  tag: text,
  imageDigest: text,
  digest: text,
  registryUrl: text,
  registry: text,
});

const SUBJECTS = new Set(['container', 'image', 'artifact', 'registry']);
const ACTIONS = new Map<string | undefined, PushAction>([
  ...['push', 'pushed', 'published', 'updated', 'created'].map((word) => [word, 'push'] as const),
  ...['delete', 'deleted', 'removed'].map((word) => [word, 'delete'] as const),
  ...['pull', 'pulled'].map((word) => [word, 'pull'] as const),
]);
const ECR_SOURCE = /^urn:aws:ecr:(?<region>[^:]*):(?<account>[^:]*):/;

export const cloudevents: PushSource = {
  modes: ['header', 'path'],
  header: 'x-webhook-secret',
  maxBodyBytes: MIB,
  read: (body, headers) => readCloudEvents(body, headers).flatMap(readEvent),
  sampleHost: 'registry.example.com',
  sample: ({ host, repository, tag, digest, id, occurredAt }) => ({
    headers: { 'content-type': 'application/cloudevents+json' },
    body: {
      specversion: '1.0',
      id,
      type: 'com.example.container.push',
      source: `https://${host}`,
      subject: `${repository}:${tag}`,
      time: occurredAt,
      data: { repository, tag, digest, registryUrl: host },
    },
  }),
};

function readEvent({ type, source, subject, id, time, data }: CloudEvent): SentEvent[] {
  const words = type.toLowerCase().split(/[._-]/);
  if (!words.some((word) => SUBJECTS.has(word))) return [];
  const image = Data.parse(data);
  const named = splitImageName(subject);
  return [
    {
      action: ACTIONS.get(words.at(-1)) ?? 'other',
      senderType: type,
      host: hostOf(source, image.registryUrl ?? image.registry),
      repository: image.repositoryName ?? image.repository ?? named.path,
      tag: image.imageTag ?? image.tag ?? named.tag,
      digest: image.imageDigest ?? image.digest ?? named.digest,
      sentAt: time,
      eventId: id,
    },
  ];
}

function hostOf(source: string | null, registry: string | null): string | null {
  const { region = null, account = null } = ECR_SOURCE.exec(source ?? '')?.groups ?? {};
  if (region !== null) return ecrHost(account, region);
  const claimed = registry === null ? null : (splitImageName(registry).host ?? hostOrNull(registry));
  return claimed ?? splitImageName(source).host;
}
