// What is counted and measured, by name, and the port through which the rooms tell it. Labels have few values: never an image or a tag.

type Kind = 'counter' | 'gauge' | 'histogram';
type MetricShape = { kind: Kind; help: string; labels: readonly string[] };

export const METRICS = {
  transship_events_accepted_total: { kind: 'counter', help: 'Push events that became durable.', labels: ['source'] },
  transship_events_rejected_total: {
    kind: 'counter',
    help: 'Requests to receivers and events that gave no job, by reason.',
    labels: ['source', 'reason'],
  },
  transship_event_ack_duration_seconds: {
    kind: 'histogram',
    help: 'Time from a request to its answer, receivers only.',
    labels: ['source'],
  },
  transship_namespace_events_total: {
    kind: 'counter',
    help: 'Reports of new namespaces, by what became of them.',
    labels: ['source', 'outcome'],
  },
  transship_jobs: { kind: 'gauge', help: 'Jobs by state.', labels: ['state'] },
  transship_job_duration_seconds: {
    kind: 'histogram',
    help: 'Time that a slice of a job ran.',
    labels: ['function', 'outcome'],
  },
  transship_job_attempts_total: { kind: 'counter', help: 'Claims of jobs.', labels: ['function'] },
  transship_queue_oldest_ready_age_seconds: {
    kind: 'gauge',
    help: 'For how long the oldest due job has waited.',
    labels: [],
  },
  transship_dead_letters: { kind: 'gauge', help: 'Jobs that were given up and wait for somebody to look.', labels: [] },
  transship_lease_expired_total: { kind: 'counter', help: 'Leases that ran out.', labels: [] },
  transship_fence_rejected_total: {
    kind: 'counter',
    help: 'Writes that were refused because somebody else holds the job.',
    labels: ['function'],
  },
  transship_copy_bytes_total: { kind: 'counter', help: 'Bytes of blobs sent to targets.', labels: ['registry'] },
  transship_blobs_total: {
    kind: 'counter',
    help: 'Blobs by how they got to their target.',
    labels: ['registry', 'how'],
  },
  transship_registry_requests_total: {
    kind: 'counter',
    help: 'Requests to registries, logins aside.',
    labels: ['registry'],
  },
  transship_registry_throttled_total: {
    kind: 'counter',
    help: 'Answers of registries that asked to wait.',
    labels: ['registry'],
  },
  transship_credentials_secrets: {
    kind: 'gauge',
    help: 'Pull Secrets of ours that are in place.',
    labels: ['cluster'],
  },
  transship_credentials_first_end_timestamp_seconds: {
    kind: 'gauge',
    help: 'When the first of the credentials in place ends; absent where none does.',
    labels: ['cluster'],
  },
  transship_credentials_expiring: {
    kind: 'gauge',
    help: 'Pull Secrets whose credential should have been renewed long ago.',
    labels: ['cluster'],
  },
  transship_credentials_conflicts: {
    kind: 'gauge',
    help: "Pull Secrets that are wanted and cannot be written, because they are somebody else's or are broken.",
    labels: ['cluster'],
  },
  transship_credentials_failures: {
    kind: 'gauge',
    help: 'Objects that the last run could not write.',
    labels: ['cluster'],
  },
  transship_credentials_provider_failing: {
    kind: 'gauge',
    help: '1 while no new credential of the registry can be had, else 0.',
    labels: ['cluster', 'registry'],
  },
  transship_credentials_writes_total: {
    kind: 'counter',
    help: 'Changes of Secrets and ServiceAccounts, by what they are.',
    labels: ['cluster', 'change'],
  },
  transship_registry_tokens_total: {
    kind: 'counter',
    help: 'Questions to the token endpoint, by what became of them.',
    labels: ['outcome'],
  },
  transship_registry_access_total: {
    kind: 'counter',
    help: 'Repositories that tokens of the token endpoint were asked for, by what was decided.',
    labels: ['decision'],
  },
  transship_grants: { kind: 'gauge', help: 'Pull grants by state.', labels: ['state'] },
  transship_grants_expiring: { kind: 'gauge', help: 'Pull grants that end within a week.', labels: [] },
  transship_grants_writes_total: {
    kind: 'counter',
    help: 'Changes that grants made, by what has them and what they are.',
    labels: ['backend', 'change'],
  },
  transship_undelivered_total: {
    kind: 'counter',
    help: 'On AWS: messages that no queue, bus or clock could deliver, by what became of them.',
    labels: ['source', 'outcome'],
  },
  transship_timer_runs_total: {
    kind: 'counter',
    help: 'On AWS: calls of timers whose work ended well.',
    labels: ['timer'],
  },
  transship_build_info: { kind: 'gauge', help: 'Always 1; the version is the label.', labels: ['version'] },
} as const satisfies Record<string, MetricShape>;

export type MetricName = keyof typeof METRICS;
type NamesOf<Wanted extends Kind> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Wanted ? Name : never;
}[MetricName];
type LabelsOf<Name extends MetricName> = Readonly<Record<(typeof METRICS)[Name]['labels'][number], string>>;

export type Metrics = {
  count<Name extends NamesOf<'counter'>>(name: Name, labels: LabelsOf<Name>, by?: number): void;
  /** A value as it is now. */
  set<Name extends NamesOf<'gauge'>>(name: Name, labels: LabelsOf<Name>, value: number): void;
  /** In the unit of the metric's name. */
  observe<Name extends NamesOf<'histogram'>>(name: Name, labels: LabelsOf<Name>, value: number): void;
};

/** Counts nothing. */
export const noMetrics: Metrics = { count: () => undefined, set: () => undefined, observe: () => undefined };
