// The webhook fixtures as the tests read them: request bodies as bytes, and what is expected of each.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PushEvent, ReceiverKind } from '../../../shared/events/push-event.ts';
import type { Receiver, ReceiverAuth } from '../../../shared/events/receiver.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../fixtures/webhooks');

export type Fixture = {
  file: string;
  bodySha256: string;
  kind: ReceiverKind;
  headers: Record<string, string>;
  receiver: Receiver;
  expected: Partial<PushEvent>[];
  http: { status: number; json?: unknown };
  note?: string;
};

type AuthVector = {
  name: string;
  kind: ReceiverKind;
  auth: ReceiverAuth;
  headers: Record<string, string>;
  body: string;
  expect: 'accept' | 'reject';
};

type PathTokenVector = { masterKey: string; receiverId: string; generation: number; token: string };

export const FIXTURES = readJson('expected.json') as Fixture[];

export const AUTH_VECTORS = readJson('auth-vectors.json') as { requests: AuthVector[]; pathTokens: PathTokenVector[] };

/** The exact bytes of a request's body. */
export function bodyOf({ file }: Fixture): Uint8Array {
  return readFileSync(path.join(FOLDER, file));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8'));
}
