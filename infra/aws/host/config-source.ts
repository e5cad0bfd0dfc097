// Where the text of the configuration comes from: an object of S3, a parameter of Systems Manager, or a file. It is asked for again and
// again, and most of the time it is the same: S3 says so without sending it.
import { createHash } from 'node:crypto';
import { readConfigFile, type ConfigText } from '../../../shared/config/load.ts';
import { getChangedText } from '../../../shared/identity/aws-s3.ts';
import { getParameterText } from '../../../shared/identity/aws-secrets.ts';
import { patiently } from '../../host/patiently.ts';
import { describePlace, type ConfigPlace } from './settings.ts';

export type ConfigSource = {
  /** As messages name it. */
  name: string;
  /** The text, unless it is still the one of that mark. @throws TransshipError as AWS answers; invalid-config for a file */
  read(known: string | undefined): Promise<{ text: ConfigText; mark: string } | undefined>;
};

type Surroundings = { env: NodeJS.ProcessEnv; region: string };

/** A configuration has no more than this. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Somebody may be waiting for an answer. */
const TIMEOUT_MS = 4000;

export function configSource(place: ConfigPlace, { env, region }: Surroundings): ConfigSource {
  const name = describePlace(place);
  const surroundings = { identity: {}, env, now: Date.now };

  async function readText(known: string | undefined): Promise<{ text: string; mark: string } | undefined> {
    if (place.kind === 's3') {
      const { bucket, key } = place;
      const limits = { timeoutMs: TIMEOUT_MS, mostBytes: MOST_BYTES };
      const read = await getChangedText({ bucket, key, region }, known?.split(' ')[0], limits, surroundings);
      // written back as it was before, it is another edition
      return read && { text: read.text, mark: `${read.etag} ${read.lastModified}` };
    }
    if (place.kind === 'ssm') {
      const { text, version } = await getParameterText(place.name, surroundings);
      return { text: text.reveal(), mark: version };
    }
    const { text } = await readConfigFile(place.path, process.cwd());
    return { text, mark: hashOf(text) };
  }

  return {
    name,
    async read(known) {
      const read = await patiently(() => readText(known));
      if (read === undefined || read.mark === known) return undefined;
      return { text: { file: name, text: read.text }, mark: read.mark };
    },
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
