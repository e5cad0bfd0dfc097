// The names of a Service in its cluster: a registry behind one is pulled from under each, and a pull Secret needs a key for each.
// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/

export type ServiceAddress = { name: string; namespace: string; port?: number };

/** `image-registry.openshift-image-registry`, the same with `.svc`, and with the usual domain of clusters. */
function namesOfService({ name, namespace, port }: ServiceAddress): string[] {
  return ['', '.svc', '.svc.cluster.local'].map(
    (suffix) => `${name}.${namespace}${suffix}${port === undefined ? '' : `:${port}`}`,
  );
}

/** All names of all these Services, if the host is one of them: they lead to the same registry. */
export function serviceNames(host: string, services: readonly ServiceAddress[]): string[] {
  const names = services.flatMap(namesOfService);
  return names.includes(host) ? names : [];
}
