// Facts about the store itself: version of its tables, who opened it last, whether that one closed it.
import type { DatabaseSync } from 'node:sqlite';

export type MetaKey = 'schema_version' | 'oldest_reader' | 'boot_id' | 'clean' | 'purged' | 'probed_at';

export function readMeta(database: DatabaseSync, key: MetaKey): string | undefined {
  const value = database.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value'];
  return typeof value === 'string' ? value : undefined;
}

export function writeMeta(database: DatabaseSync, key: MetaKey, value: string): void {
  database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(key, value);
}
