// What a registry says to a login that has ended, where the status alone does not tell it from one that lacks a right.
import { readServerErrors } from './registry-error-body.ts';

// https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
const ENDED = /\bauthorization token has expired\b/i;

/** By the beginning of the body of a refusal. */
export function saysLoginEnded(body: Uint8Array): boolean {
  return readServerErrors(body).some(({ message = '' }) => ENDED.test(message));
}
