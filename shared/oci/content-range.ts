// Reads the ranges of blob transfers: what part a 206 carries, and how much of an upload a registry has.
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';

/** First and last byte, both inclusive; `size` is the length of the whole content where the registry tells it. */
export type ContentRange = { start: number; end: number; size?: number };

/**
 * Reads the Content-Range header of a 206 answer.
 * @throws TransshipError invalid-response
 * https://www.rfc-editor.org/rfc/rfc9110#section-14.4
 */
export function parseContentRange(header: string | undefined): ContentRange {
  const [, first = '', last = '', total = ''] = /^\s*bytes\s+(\d+)-(\d+)\/(\d+|\*)\s*$/i.exec(header ?? '') ?? [];
  const range = readRange(first, last);
  if (range === undefined) throw invalid(header);
  if (total === '*') return range;
  const size = Number(total);
  if (!Number.isSafeInteger(size) || range.end >= size) throw invalid(header);
  return { ...range, size };
}

/**
 * Reads the Range header of an upload status or PATCH answer; undefined where it is missing or makes no sense.
 * `0-0` stands for no byte or one: registries differ. Quay writes `bytes=0-N` with N exclusive in status answers.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export function parseUploadRange(header: string | undefined): { start: number; end: number } | undefined {
  const [, first = '', last = ''] = /^\s*(?:bytes\s*[= ]\s*)?(\d+)-(\d+)\s*$/i.exec(header ?? '') ?? [];
  return readRange(first, last);
}

function readRange(first: string, last: string): { start: number; end: number } | undefined {
  if (first === '' || last === '') return undefined;
  const start = Number(first);
  const end = Number(last);
  return Number.isSafeInteger(end) && start <= end ? { start, end } : undefined;
}

function invalid(header: string | undefined): TransshipError {
  const shown = header === undefined ? 'no Content-Range' : `Content-Range "${printable(header, 100)}"`;
  return new TransshipError(
    'invalid-response',
    `partial content came with ${shown} instead of "bytes first-last/size"`,
    {
      hint: 'a proxy between may have changed the answer; try again, or without the proxy',
    },
  );
}
