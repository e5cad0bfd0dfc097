// The port to the record of tags that we wrote: prune may only remove what stands in it.

export type WrittenTag = {
  /** Of the target. */
  registry: string;
  repository: string;
  tag: string;
  /** What the tag named when we wrote it. */
  digest: string;
  rule: string;
  /** The source's canonical reference. */
  source: string;
  writtenAt: Date;
};

export type TagJournal = {
  /** Durable when it resolves; a later record of a tag replaces the earlier one. */
  wrote(tags: readonly WrittenTag[]): Promise<void>;
  find(registry: string, repository: string, tag: string): Promise<WrittenTag | undefined>;
  /** What is recorded for a repository. */
  written(registry: string, repository: string): Promise<WrittenTag[]>;
  /** The repositories in which a rule wrote tags. */
  repositoriesOf(rule: string): Promise<{ registry: string; repository: string }[]>;
  /** After a tag was removed. */
  forget(tags: readonly Pick<WrittenTag, 'registry' | 'repository' | 'tag'>[]): Promise<void>;
};
