// Tells when one of a few small files changed: written, replaced by an editor, or swapped as Kubernetes swaps what it mounts (a link
// beside the file gets another target). Folders are watched, not files; and because not every file system tells, a slow look as well.
import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';

export type FileWatch = {
  /** Watches these from now on. */
  follow: (files: readonly string[]) => Promise<void>;
  close: () => void;
};

const SETTLE_MS = 150;
const LOOK_EVERY_MS = 5000;

/** @param onChange is called once the files have been quiet for a moment */
export function watchFiles(onChange: () => void): FileWatch {
  /** The files and what they were like when last looked at. */
  let seen = new Map<string, string>();
  let watchers: FSWatcher[] = [];
  let settling: NodeJS.Timeout | undefined;
  let isClosed = false;
  const looking = setInterval(() => void look(), LOOK_EVERY_MS);
  looking.unref();

  async function look(): Promise<void> {
    const before = seen;
    const now = await statesOf([...before.keys()]);
    if (isClosed || seen !== before || [...now].every(([file, state]) => before.get(file) === state)) return;
    seen = now;
    onChange();
  }

  function lookSoon(): void {
    clearTimeout(settling);
    settling = setTimeout(() => void look(), SETTLE_MS);
    settling.unref();
  }

  function stopWatching(): void {
    for (const watcher of watchers) watcher.close();
    watchers = [];
  }

  return {
    async follow(files) {
      stopWatching();
      const names = new Set(files.map((file) => path.basename(file)));
      for (const folder of new Set(files.map((file) => path.dirname(file)))) {
        const watcher = watchFolder(folder, (name) => {
          if (name === null || names.has(name) || name.startsWith('..')) lookSoon();
        });
        if (watcher !== undefined) watchers.push(watcher);
      }
      // what changed since it was read, while its folder was not watched, is found by the next look
      const known = seen;
      const now = await statesOf(files);
      seen = new Map(files.map((file) => [file, known.get(file) ?? now.get(file) ?? '']));
      lookSoon();
    },
    close() {
      isClosed = true;
      clearInterval(looking);
      clearTimeout(settling);
      stopWatching();
    },
  };
}

/** Undefined where the system has no watches left, or the folder is not there: the slow look does it then. */
function watchFolder(folder: string, onName: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => onName(name));
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** What changes when a file does: links are followed. */
async function statesOf(files: readonly string[]): Promise<Map<string, string>> {
  const states = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      if (found === undefined) return [file, 'missing'] as const;
      return [file, [found.dev, found.ino, found.size, found.mtimeMs].join(',')] as const;
    }),
  );
  return new Map(states);
}
