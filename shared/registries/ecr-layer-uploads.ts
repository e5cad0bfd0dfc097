// The calls of an upload in parts to ECR: begun, each part behind the one before, completed. They keep to the limits of the registry's own
// requests, and are tried again as these are.
//
//   InitiateLayerUpload ─▶ UploadLayerPart … ─▶ CompleteLayerUpload ─▶ layer
//                            └─ InvalidLayerPart: what ECR has tells whether this part's answer was lost
//
import { TransshipError } from '../errors.ts';
import type { AwsIdentity } from '../identity/aws.ts';
import { awsError } from '../identity/aws-error.ts';
import { parseRetryAfter } from '../oci/http/retry-after.ts';
import { interruption, retryDelayMs, sleep } from '../oci/http/retry.ts';
import type { PartsTarget } from '../oci/layer-parts.ts';
import type { ActionClass } from '../oci/traits.ts';
import { openEcrClient } from './ecr-client.ts';
import { parseEcrHost } from './ecr-host.ts';
import { layerPartCommand } from './ecr-layer-part.ts';
import type { PartsPlace } from './vendor.ts';

export type EcrPartsPlace = Omit<PartsPlace, 'identity'> & { identity: AwsIdentity };

export type EcrLayerUploads = {
  /** `partBytes`: the size that ECR wants parts to have. */
  begin(target: PartsTarget): Promise<{ uploadId: string; partBytes: number | undefined }>;
  send(target: PartsTarget, uploadId: string, part: Uint8Array, offset: number): Promise<void>;
  finish(target: PartsTarget, uploadId: string, digest: string): Promise<void>;
  close(): void;
};

type Call = { action: string; class: ActionClass; target: PartsTarget };

/** A part of 10 MiB over a slow line; the whole layer is hashed before the answer to the last call comes. */
const PART_TIMEOUT_MS = 120_000;
const COMPLETE_TIMEOUT_MS = 300_000;

export async function openEcrLayerUploads(place: EcrPartsPlace): Promise<EcrLayerUploads> {
  const { calls, close } = await openEcrClient(place.host, place.identity, await place.env(), { tries: 1 });
  const { UploadLayerPartCommand } = await import('@aws-sdk/client-ecr');
  const account = parseEcrHost(place.host)?.account;
  const inPlace = ({ name }: PartsTarget) => ({
    repositoryName: name,
    ...(account === undefined ? {} : { registryId: account }),
  });
  const options = ({ signal }: PartsTarget, requestTimeout?: number) => ({
    ...(signal === undefined ? {} : { abortSignal: signal }),
    ...(requestTimeout === undefined ? {} : { requestTimeout }),
  });

  return {
    async begin(target) {
      const call: Call = { action: 'InitiateLayerUpload', class: 'start', target };
      const { uploadId, partSize } = await attempts(place, call, () =>
        calls.initiateLayerUpload(inPlace(target), options(target)),
      );
      if (uploadId === undefined) throw withoutId(place.host, target);
      return { uploadId, partBytes: partSize };
    },
    async send(target, uploadId, part, offset) {
      const last = offset + part.byteLength - 1;
      const told = { ...inPlace(target), uploadId, partFirstByte: offset, partLastByte: last };
      const call: Call = { action: 'UploadLayerPart', class: 'upload', target };
      await attempts(place, call, async () => {
        const { command, end } = layerPartCommand(UploadLayerPartCommand, told, part);
        try {
          await calls.send(command, options(target, PART_TIMEOUT_MS));
        } catch (error) {
          if (lastByteAt(error) !== last) throw error;
        } finally {
          end();
        }
      });
    },
    async finish(target, uploadId, digest) {
      const call: Call = { action: 'CompleteLayerUpload', class: 'start', target };
      await attempts(place, call, async () => {
        try {
          const told = { ...inPlace(target), uploadId, layerDigests: [digest] };
          await calls.completeLayerUpload(told, options(target, COMPLETE_TIMEOUT_MS));
        } catch (error) {
          if (nameOf(error) !== 'LayerAlreadyExistsException') throw error;
        }
      });
    },
    close,
  };
}

async function attempts<Result>(
  { host, throttle, runtime }: EcrPartsPlace,
  call: Call,
  work: () => Promise<Result>,
): Promise<Result> {
  const { signal, meter } = call.target;
  const { retries, random, onRetry } = runtime;
  for (let tried = 1; ; tried += 1) {
    const leave = await throttle.enter(call.class, signal);
    if (meter !== undefined) meter.requests += 1;
    try {
      const result = await work();
      leave('accepted');
      return result;
    } catch (thrown) {
      const error = refusal(thrown, host, call);
      const waitMs = error.retryAfterMs ?? 0;
      leave(error.code === 'too-many-requests' ? 'throttled' : 'failed');
      if (signal?.aborted === true) throw interruption(signal, error);
      if (waitMs > 0) throttle.holdFor(waitMs);
      const isOver = tried >= retries.tries || waitMs > retries.longestRetryAfterMs;
      if (isOver || !error.retryable || error.code === 'upload-lost') throw error;
      const delayMs = retryDelayMs(retries, tried, waitMs, random);
      const { code, message: reason } = error;
      onRetry?.({ registry: host, operation: `ecr:${call.action}`, delayMs, code, reason });
      await sleep(delayMs, signal);
    }
  }
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/CommonErrors.html and the errors of each call. */
function refusal(error: unknown, host: string, { action, target }: Call): TransshipError {
  const where = `${host}/${target.name}`;
  const details = { registry: host, repository: target.name, operation: `ecr:${action}` };
  const told = awsError(error, { action: `ecr:${action}`, what: where, details });
  const known = KNOWN[nameOf(error)];
  const retryAfterMs = parseRetryAfter(retryAfterOf(error), new Date());
  if (known === undefined && (retryAfterMs === undefined || !told.retryable)) return told;
  const { code = told.code, retryable = told.retryable, hint = told.hint } = known ?? {};
  return new TransshipError(code, told.message, {
    retryable,
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: told.details,
    cause: error,
  });
}

type Known = Partial<Pick<TransshipError, 'code' | 'retryable' | 'hint'>>;

const SENT_AGAIN = 'the blob is sent again from its beginning';
const LOST: Known = { code: 'upload-lost', retryable: true, hint: SENT_AGAIN };
const KNOWN: Readonly<Record<string, Known>> = {
  UploadNotFoundException: LOST,
  InvalidLayerPartException: LOST,
  EmptyUploadException: LOST,
  InvalidLayerException: {
    code: 'digest-mismatch',
    retryable: false,
    hint: 'what ECR holds of the layer has another digest; nothing was committed',
  },
  RepositoryNotFoundException: {
    code: 'not-found',
    retryable: false,
    hint: 'somebody deleted the repository while the layer was sent',
  },
};

/** Of what ECR has of this upload, where it refused a part. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html */
function lastByteAt(error: unknown): number | undefined {
  if (nameOf(error) !== 'InvalidLayerPartException' || !(error instanceof Error)) return undefined;
  return 'lastValidByteReceived' in error ? Number(error.lastValidByteReceived) : undefined;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** The SDK keeps the answer beside its error. */
function retryAfterOf(error: unknown): string | undefined {
  const response = error instanceof Error && '$response' in error ? error.$response : undefined;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null || !('retry-after' in headers)) return undefined;
  return typeof headers['retry-after'] === 'string' ? headers['retry-after'] : undefined;
}

function withoutId(host: string, { name }: PartsTarget): TransshipError {
  return new TransshipError('invalid-response', `${host}/${name}: ECR began an upload without an id`, {
    hint: 'check the address of the AWS API (AWS_ENDPOINT_URL)',
    details: { registry: host, repository: name, operation: 'ecr:InitiateLayerUpload' },
  });
}
