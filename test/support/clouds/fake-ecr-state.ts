// What the fake of ECR holds, and by which limits.
import { createHash, type Hash } from 'node:crypto';

export type EcrRepository = {
  /** By digest; layers that came in parts have no content. */
  blobs: Map<string, { size: number; content?: Buffer }>;
  manifests: Map<string, { content: Buffer; type: string }>;
  /** Digests by tag. */
  tags: Map<string, string>;
};

type EcrUpload = {
  repository: string;
  hash: Hash;
  sizeBytes: number;
  parts: number;
  /** A part that was not the last one was smaller than the limit. */
  hasSmallPart: boolean;
  lastPartBytes: number;
};

type EcrSettings = {
  accessKeyId: string;
  secretAccessKey: string;
  /** The password of the authorization token. */
  token: string;
  /** What InitiateLayerUpload answers. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html */
  partSize: number;
  /** https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html */
  leastPartBytes: number;
  mostPartBytes: number;
  mostParts: number;
  /** Whether the account allows it. https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html */
  mountsBlobs: boolean;
};

export type EcrState = {
  repositories: Map<string, EcrRepository>;
  /** Those of the AWS API, by id. */
  uploads: Map<string, EcrUpload>;
  /** Those of the registry's own API. */
  sessions: Map<string, { repository: string; pieces: Buffer[]; firstEnd: number }>;
  settings: EcrSettings;
};

const MEBIBYTE = 1024 * 1024;

export function newEcrState(): EcrState {
  return {
    repositories: new Map(),
    uploads: new Map(),
    sessions: new Map(),
    settings: {
      accessKeyId: 'AKIATEST',
      secretAccessKey: 'secret-of-the-test',
      token: 'token-of-the-test',
      partSize: 10 * MEBIBYTE,
      leastPartBytes: 5 * MEBIBYTE,
      mostPartBytes: 10 * MEBIBYTE,
      mostParts: 4200,
      mountsBlobs: false,
    },
  };
}

export function newRepository(): EcrRepository {
  return { blobs: new Map(), manifests: new Map(), tags: new Map() };
}

export function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
