// Quay: all tags that one push updated, and nothing to tell two pushes of a tag apart.
// https://docs.quay.io/guides/notifications.html
import { anything, entriesOf, isRecord, optionalRecord, record, text, texts } from '../fields.ts';
import { splitImageName } from '../image-name.ts';
import { MIB, type PushSource, type SentEvent } from '../push-source.ts';

const Body = record({ docker_url: text, repository: text, updated_tags: anything, vulnerability: optionalRecord({}) });

export const quay: PushSource = {
  modes: ['path'],
  maxBodyBytes: MIB,
  read: (body) => {
    const { docker_url: url, repository, updated_tags: updated, vulnerability } = Body.parse(body);
    const { host, path } = splitImageName(url);
    const image = { host, repository: host === null ? repository : path };
    if (vulnerability !== null) return [{ ...image, action: 'scan', senderType: 'vulnerability' }];
    return tagsOf(updated).map((tag): SentEvent => ({ ...image, action: 'push', senderType: null, tag }));
  },
  sampleHost: 'quay.io',
  sample: ({ host, repository, tag }) => ({
    body: { repository, docker_url: `${host}/${repository}`, updated_tags: [tag] },
  }),
};

/** A list; once it was an object with an image id for each tag. */
function tagsOf(updated: unknown): (string | null)[] {
  return texts.parse(isRecord(updated) ? Object.keys(updated) : entriesOf(updated));
}
