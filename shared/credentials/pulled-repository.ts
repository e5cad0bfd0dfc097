// The name under which the kubelet looks for the credentials of an image.
// https://github.com/kubernetes/kubernetes/blob/master/pkg/util/parsers/parsers.go
// https://github.com/distribution/reference/blob/main/normalize.go (splitDockerDomain)
import { parseReference } from '../oci/reference.ts';
import type { PulledRepository } from './keyring-key.ts';

/** Registry and repository as the kubelet splits them: names of Docker Hub's API host are no names of Docker Hub to it. @throws TransshipError invalid-reference */
export function pulledRepository(image: string): PulledRepository {
  parseReference(image);
  const name = image.replace(/@.*$/s, '').replace(/:[^/:]*$/, '');
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const hasHost = /[.:A-Z]/.test(first) || first === 'localhost';
  const path = hasHost ? name.slice(slash + 1) : name;
  const isHub = !hasHost || first === 'docker.io' || first === 'index.docker.io';
  if (!isHub) return { host: first, path };
  return { host: 'docker.io', path: path.includes('/') ? path : `library/${path}` };
}
