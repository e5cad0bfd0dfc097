// Makes a push as a sender would send it, with its credential, so that a receiver can be tried without a registry.
// Pure: ids and times are given, nothing is sent.
import { createHmac } from 'node:crypto';
import type { Secret } from '../telemetry/secret.ts';
import { TransshipError } from '../errors.ts';
import { PUSH_SOURCES } from './index.ts';
import type { ReceiverKind } from './push-event.ts';
import type { PushSource, SampleFacts } from './push-source.ts';
import type { AuthMode } from './receiver.ts';

/** A request that is ready to be sent; its headers hold the credential in clear. */
export type SamplePush = {
  headers: Record<string, string>;
  body: string;
  /** To append to the receiver's URL: a slash and the token, where the path is the credential; else empty. */
  pathSuffix: string;
};

/** What the sample tells beside its id and time: all else has a value that fits the kind. */
export type SampleOptions = Partial<SampleFacts> &
  Pick<SampleFacts, 'id' | 'occurredAt'> & {
    /** The kind's usual mode by default. */
    mode?: AuthMode;
    /** Of mode `header`; the kind's usual one by default. */
    headerName?: string;
  };

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

/**
 * A push of one tag. The secret is what the mode wants: the key, the whole header value, the path token or the bearer token.
 * @throws TransshipError invalid-usage for a mode that the kind does not have
 */
export function samplePush(kind: ReceiverKind, secret: Secret, options: SampleOptions): SamplePush {
  const source = PUSH_SOURCES[kind];
  const mode = options.mode ?? source.modes[0];
  if (mode === undefined || !source.modes.includes(mode)) {
    throw new TransshipError('invalid-usage', `a ${kind} receiver has no mode ${mode}`, {
      hint: `its modes are ${source.modes.join(', ')}`,
    });
  }
  const {
    host = source.sampleHost,
    repository = 'team/app',
    tag = 'latest',
    digest = DIGEST,
    id,
    occurredAt,
  } = options;
  const sample = source.sample({ host, repository, tag, digest, id, occurredAt });
  const body = JSON.stringify(sample.body);
  return {
    headers: {
      'content-type': 'application/json',
      ...sample.headers,
      ...credentialHeader(source, mode, secret.reveal(), body, options.headerName),
    },
    body,
    pathSuffix: mode === 'path' ? `/${secret.reveal()}` : '',
  };
}

/** The sample as one command for a POSIX shell. */
export function curlLine({ headers, body, pathSuffix }: SamplePush, url: string): string {
  const given = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  // text after --data-raw is sent as it stands, also if it begins with "@"
  return ['curl -i -X POST', ...given, `--data-raw ${quoted(body)}`, quoted(url + pathSuffix)].join(' ');
}

function credentialHeader(
  source: PushSource,
  mode: AuthMode,
  secret: string,
  body: string,
  headerName: string | undefined,
): Record<string, string> {
  if (mode === 'path' || mode === 'platform') return {};
  if (mode === 'hmac') return signatureHeader(source, secret, body);
  if (mode === 'header') return { [(headerName ?? source.header ?? 'authorization').toLowerCase()]: secret };
  return { authorization: `Bearer ${secret}` };
}

function signatureHeader({ signature }: PushSource, secret: string, body: string): Record<string, string> {
  if (signature === undefined) return {};
  const { header, algorithm, prefix } = signature;
  return { [header]: prefix + createHmac(algorithm, secret).update(body).digest('hex') };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
