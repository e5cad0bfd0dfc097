// Which proxy a call to a cloud takes: the one that registry traffic takes, but none before the servers that tell a machine who it is.
import { proxyFor, type ProxyEnvironment } from '../oci/http/proxy.ts';

/**
 * Metadata servers answer the machine itself and nobody else: behind a proxy it would be the proxy's identity, if any. Addresses of
 * the link (169.254.x.x) are those of EC2, ECS, EKS, Compute Engine and Azure; the other ones have names or are of IPv6.
 * https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html https://cloud.google.com/compute/docs/metadata/querying-metadata
 */
const METADATA =
  /^(?:169\.254\.\d+\.\d+|\[fe[89ab][0-9a-f]:.*\]|\[fd00:ec2::(?:254|23)\]|metadata\.google\.internal\.?)$/;
/** Where the libraries of the clouds look for such a server instead: a host with or without a port, or a URL. */
const METADATA_VARIABLES = [
  'GCE_METADATA_HOST',
  'GCE_METADATA_IP',
  'IDENTITY_ENDPOINT',
  'IMDS_ENDPOINT',
  'MSI_ENDPOINT',
];

/** Undefined: connect directly. @throws TransshipError invalid-config like `proxyFor` */
export function cloudProxyFor(url: URL, environment: ProxyEnvironment): string | undefined {
  if (METADATA.test(url.hostname)) return undefined;
  if (METADATA_VARIABLES.some((name) => hostIn(environment[name]) === url.hostname)) return undefined;
  return proxyFor(url, environment);
}

function hostIn(text = ''): string | undefined {
  return URL.parse(text.includes('://') ? text : `http://${text}`)?.hostname;
}
