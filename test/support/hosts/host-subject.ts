// What the contract suite of hosts needs of one: where it answers, and how the world outside of HTTP reaches it.
import type { Secret } from '../../../shared/telemetry/secret.ts';
import type { TimerName } from '../../../infra/aws/stack/functions.ts';

export type HostConfig = Readonly<Record<string, unknown>> & { api?: object; mirrors?: readonly object[] };

export type Host = {
  /** `http://127.0.0.1:8080`, without a slash at its end. */
  url: string;
  /** An API token with the scope admin. */
  token: string;
  /** By which the addresses of receivers and clusters are made. */
  masterKey: Secret;
  /** Brings an event of EventBridge as AWS does, where its bus is connected. */
  deliver(event: object): Promise<void>;
  /** What the clock does: where a process has its own, it needs nobody. */
  fire(timer: TimerName): Promise<void>;
  /** Puts another configuration in place of the one that holds, as its users do. */
  configure(config: HostConfig): Promise<void>;
  /** All that it has logged, as text. */
  logs(): string;
  [Symbol.asyncDispose](): Promise<void>;
};

export type HostSubject = {
  name: string;
  /** What a host has or lacks by its nature; the suite asserts what it answers instead. */
  has: {
    /** The history of a job stays open until its end; otherwise it is what there is, and when to come back. */
    openStreams: boolean;
    /** `GET /metrics` */
    metrics: boolean;
    /** Every event of the bus comes; otherwise a rule before it keeps back what is no push that succeeded. */
    wholeBus: boolean;
  };
  /** How the configuration refers to what it needs here. */
  terms: ConfigTerms;
  start(world: HostWorld): Promise<Host>;
};

/** What stands around a host: the configuration that it starts with, by references to secrets as this host has them. */
export type HostWorld = {
  config: (given: ConfigTerms) => HostConfig;
  /** The texts that the secrets of the configuration stand for. */
  secrets: Readonly<Record<string, string>>;
};

export type ConfigTerms = {
  /** A reference to a secret of the world, as this host resolves them. */
  secret: (name: string) => object;
  /** How events of EventBridge prove themselves here. */
  bus: object;
};
