// The Range header of a blob download: one range of bytes.
// https://www.rfc-editor.org/rfc/rfc9110#name-range
import { refusal } from './reply.ts';

export type ByteRange = { start: number; end: number };

/** Reads `bytes=a-b`, `bytes=a-` and `bytes=-n`; other units and several ranges count as no range. Answers 416 where nothing fits. */
export function requestedRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || first + last === '') return undefined;
  const range =
    first === ''
      ? { start: Math.max(sizeBytes - Number(last), 0), end: sizeBytes - 1 }
      : { start: Number(first), end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
  if (range.start > range.end) {
    throw refusal(416, 'SIZE_INVALID', `no bytes in range ${header}`, { 'content-range': `bytes */${sizeBytes}` });
  }
  return range;
}
