// The files that a configuration hangs on: its own, and those in which its secrets and certificates are.
import path from 'node:path';
import type { LoadedConfig } from '../../../shared/config/load.ts';
import { certificatesFile } from '../token-keys/certificates-file.ts';

/** Absolute paths. */
export function referencedFiles({ files, effective, config }: LoadedConfig, cwd: string): string[] {
  // another process makes new keys there
  const made = config.tokenEndpoint === undefined ? [] : [certificatesFile(config.dataDir)];
  return [...new Set([...files.map((file) => path.resolve(cwd, file)), ...filesIn(effective), ...made])];
}

function filesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(filesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'file' && typeof inner === 'string' && path.isAbsolute(inner) ? [inner] : filesIn(inner),
  );
}
