// One repository of a registry, as the operations of the distribution specification take it.
import type { Pace } from './http/bandwidth.ts';
import type { Place } from './located-error.ts';
import type { RegistryPort, RequestMeter, Scope } from './registry-request.ts';

export type Repository = {
  registry: RegistryPort;
  /** The path below the registry: `library/alpine`. */
  name: string;
  /** Counts the requests made through this value. */
  meter?: RequestMeter;
  signal?: AbortSignal;
  /** A limit for the content of blobs that are read here, beside that of the registry. */
  pace?: Pace;
};

/** The members of a request that follow from the repository alone. */
export function inRepository(
  repository: Repository,
  scopes: readonly Scope[],
): {
  repository: string;
  scopes: readonly Scope[];
  meter?: RequestMeter;
  signal?: AbortSignal;
} {
  return {
    repository: repository.name,
    scopes,
    ...(repository.meter === undefined ? {} : { meter: repository.meter }),
    ...(repository.signal === undefined ? {} : { signal: repository.signal }),
  };
}

/** Where an operation takes place, for an error. */
export function placeOf({ registry, name }: Pick<Repository, 'registry' | 'name'>, operation: string): Place {
  return { registry: registry.host, repository: name, operation };
}

export function pullScope(name: string): Scope {
  return { repository: name, actions: ['pull'] };
}

export function pushScope(name: string): Scope {
  return { repository: name, actions: ['pull', 'push'] };
}
