// GitHub Packages: container packages only, one event for each manifest, so the children of an index come too, untagged.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#package
import type * as z from 'zod';
import { anyText, optionalRecord, record, text, time } from '../fields.ts';
import { type ImageName, splitImageName } from '../image-name.ts';
import { digestOrNull, tagOrNull } from '../names.ts';
import type { PushAction } from '../push-event.ts';
import { MIB, type PushSource, type SentEvent } from '../push-source.ts';
import type { RequestHeaders } from '../receiver.ts';
import { headerText } from '../request-header.ts';

const Metadata = optionalRecord({
  tag: record({ name: anyText, digest: text }),
  manifest: record({ digest: text, media_type: text, config: record({ media_type: text }) }),
});
const Version = record({
  package_url: text,
  version: text,
  name: text,
  updated_at: time,
  container_metadata: Metadata,
});
const Package = optionalRecord({
  name: text,
  namespace: text,
  package_type: text,
  ecosystem: text,
  owner: record({ login: text }),
  registry: record({ type: text }),
  package_version: Version,
});
const Body = record({ action: text, package: Package, registry_package: Package, sender: record({ login: text }) });

type SentPackage = NonNullable<z.infer<typeof Package>>;
type SentVersion = z.infer<typeof Version>;

const ACTIONS = new Map<string | null, PushAction>([
  ['published', 'push'],
  ['updated', 'push'],
  ['create', 'push'],
  ['deleted', 'delete'],
]);

export const github: PushSource = {
  modes: ['hmac'],
  signature: { header: 'x-hub-signature-256', algorithm: 'sha256', prefix: 'sha256=' },
  maxBodyBytes: MIB,
  read: (body, headers) => {
    const eventId = headerText(headers, 'x-github-delivery');
    if (headerText(headers, 'x-github-event') === 'ping') {
      return [{ action: 'ping', object: 'unknown', senderType: 'ping', eventId }];
    }
    return readPackage(body, headers, eventId);
  },
  sampleHost: 'ghcr.io',
  sample: ({ host, repository, tag, digest, id, occurredAt }) => ({
    headers: { 'x-github-event': 'package', 'x-github-delivery': id },
    body: {
      action: 'published',
      package: {
        package_type: 'CONTAINER',
        package_version: {
          package_url: `${host}/${repository}:${tag}`,
          updated_at: occurredAt,
          container_metadata: {
            tag: { name: tag, digest },
            manifest: { digest, media_type: 'application/vnd.oci.image.manifest.v1+json' },
          },
        },
      },
      sender: { login: 'team' },
    },
  }),
};

function readPackage(body: unknown, headers: RequestHeaders, eventId: string | null): SentEvent[] {
  const { action, package: sent, registry_package: registryPackage, sender } = Body.parse(body);
  const pack = sent ?? registryPackage;
  if (pack === null || !isContainer(pack)) return [];
  const version = pack.package_version;
  const url = splitImageName(version.package_url);
  return [
    {
      action: ACTIONS.get(action) ?? 'other',
      senderType: `${headerText(headers, 'x-github-event') ?? 'package'}.${action ?? ''}`,
      host: url.host ?? 'ghcr.io',
      repository: repositoryOf(pack, url),
      tag: tagOf(version),
      digest: digestOf(version),
      mediaType: version.container_metadata?.manifest.media_type ?? null,
      artifactType: version.container_metadata?.manifest.config.media_type ?? null,
      actor: sender.login,
      sentAt: version.updated_at,
      eventId,
    },
  ];
}

/** The type alone does not tell: GitHub's own sample of a container package is called "npm". */
function isContainer({ package_type: type, ecosystem, registry, package_version: version }: SentPackage): boolean {
  if (version.container_metadata !== null) return true;
  if (/^(?:container|docker)$/i.test(type ?? '')) return true;
  return [ecosystem, registry.type].some((name) => name?.toLowerCase() === 'container');
}

function repositoryOf({ name, namespace, owner, registry }: SentPackage, url: ImageName): string | null {
  if (url.path !== null) return url.path;
  // docker.pkg.github.com had one more part in its names, which is not told
  if (registry.type?.toLowerCase() === 'docker' || name === null) return null;
  if (namespace !== null && !namespace.includes('/')) return `${namespace}/${name}`;
  return owner.login === null ? null : `${owner.login}/${name}`;
}

/** An empty name says that there is no tag; without any, the version may be one. */
function tagOf({ container_metadata: metadata, version, name }: SentVersion): string | null {
  if (metadata !== null && metadata.tag.name !== null) return metadata.tag.name;
  return [version, name].find((text) => tagOrNull(text) !== null) ?? null;
}

function digestOf({ container_metadata: metadata, version, name }: SentVersion): string | null {
  const candidates = [metadata?.manifest.digest ?? null, metadata?.tag.digest ?? null, version, name];
  return candidates.find((text) => digestOrNull(text) !== null) ?? null;
}
