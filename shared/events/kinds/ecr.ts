// Amazon ECR through EventBridge: straight into a function or a queue, or to us by an API destination.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
import type * as z from 'zod';
import { ecrHost } from '../ecr-host.ts';
import { record, records, text, texts, time } from '../fields.ts';
import type { PushAction, PushObject } from '../push-event.ts';
import { MIB, type PushSource, type SentEvent } from '../push-source.ts';

const Detail = record({
  result: text,
  'action-type': text,
  'repository-name': text,
  'image-tag': text,
  'image-tags': texts,
  'image-digest': text,
  'manifest-media-type': text,
  'artifact-media-type': text,
  repositories: records({ 'repository-name': text }),
});
const Body = record({ id: text, source: text, 'detail-type': text, account: text, region: text, time, detail: Detail });

type What = { action: PushAction; object?: PushObject };
type SentDetail = z.infer<typeof Detail>;

// Moving an image to the archive raises the same type of event as pushing it.
const IMAGE_ACTIONS = new Map<string | null, PushAction>([
  ['PUSH', 'push'],
  ['DELETE', 'delete'],
  ['UPDATE_STORAGE_CLASS', 'storage'],
]);

const TYPES = new Map<string | null, (detail: SentDetail) => What>([
  ['ECR Image Action', (detail) => ({ action: imageAction(detail) })],
  ['ECR Referrer Action', (detail) => ({ action: imageAction(detail), object: 'referrer' })],
  // the only event of a replica
  ['ECR Replication Action', () => ({ action: 'replicate' })],
  ['ECR Pull Through Cache Action', () => ({ action: 'cache' })],
  ['ECR Image Scan', () => ({ action: 'scan' })],
]);
const SCAN_CHANGE = 'ECR Scan Resource Change';

export const ecr: PushSource = {
  modes: ['platform', 'header'],
  header: 'x-api-key',
  maxBodyBytes: MIB,
  read: (body) => {
    const { id, source, 'detail-type': senderType, account, region, time: sentAt, detail } = Body.parse(body);
    if (source !== 'aws.ecr') return [];
    const envelope = { senderType, host: ecrHost(account, region), sentAt, eventId: id };
    if (senderType === SCAN_CHANGE) {
      return detail.repositories.map(({ 'repository-name': repository }) => ({
        ...envelope,
        action: 'other',
        object: 'repository',
        repository,
      }));
    }
    const what = TYPES.get(senderType)?.(detail);
    return what === undefined ? [] : [{ ...envelope, ...what, ...imageOf(detail) }];
  },
  sampleHost: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  sample: ({ host, repository, tag, digest, id, occurredAt }) => {
    const [account = '', , , region = ''] = host.split('.');
    return {
      body: {
        version: '0',
        id,
        'detail-type': 'ECR Image Action',
        source: 'aws.ecr',
        account,
        time: occurredAt,
        region,
        resources: [],
        detail: {
          result: 'SUCCESS',
          'repository-name': repository,
          'image-digest': digest,
          'action-type': 'PUSH',
          'image-tag': tag,
        },
      },
    };
  },
};

function imageAction({ 'action-type': action }: SentDetail): PushAction {
  return IMAGE_ACTIONS.get(action) ?? 'other';
}

function imageOf(detail: SentDetail): Partial<SentEvent> {
  return {
    repository: detail['repository-name'],
    tag: detail['image-tag'] ?? detail['image-tags'][0] ?? null,
    digest: detail['image-digest'],
    mediaType: detail['manifest-media-type'],
    artifactType: detail['artifact-media-type'],
    failed: detail.result !== null && detail.result !== 'SUCCESS',
  };
}
