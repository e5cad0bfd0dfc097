// Which image namespaces a part of a grant means, and which images in them, as far as RBAC can say that.
import type { PullPart } from '../grant.ts';
import type { PullProfile } from '../pull-profile.ts';

export type ImagePlace = {
  profile: PullProfile;
  /** `{namespace}`: the grantee's own. */
  namespace: string;
  /** Without the namespace; absent: every image. */
  image?: string;
};

/** Why there is no such place. */
export type NoPlace = { message: string; hint: string };

export const OWN_NAMESPACE = '{namespace}';

/** @param profile of the part's registry */
export function imagePlaceOf({ registry, what }: PullPart, profile: PullProfile): ImagePlace | NoPlace {
  if (what.kind === 'namespace') return { profile, namespace: what.name };
  const { pattern } = what;
  const [namespace = '', ...rest] = pattern.split('/');
  const image = rest.join('/');
  if (namespace.includes('*')) {
    return {
      message: `${registry}: "${pattern}" reaches into every namespace, and a RoleBinding into one`,
      hint: 'name the namespaces one by one: namespace: shared-ns',
    };
  }
  if (image === '') {
    return {
      message: `${registry}: "${pattern}" has no namespace, and every image there has one`,
      hint: `write it with its namespace, like shared-ns/${pattern}`,
    };
  }
  if (isWhole(image, profile)) return { profile, namespace };
  if (image.includes('*')) {
    return {
      message: `${registry}: "${pattern}" is a part of namespace ${namespace}, and RBAC knows no patterns of names`,
      hint: `name the images one by one, or grant all of it: namespace: ${namespace}`,
    };
  }
  if (profile.nameFrom === 'image') return { profile, namespace, image };
  return {
    message: `${registry} asks for a namespace as a whole (profile ${profile.name}): ${image} alone cannot be granted`,
    hint: `grant all of it: namespace: ${namespace}; or put the image into a namespace of its own`,
  };
}

/** Registries that ask by name have images directly below the namespace only. */
function isWhole(image: string, { nameFrom }: PullProfile): boolean {
  return image === '**' || (image === '*' && nameFrom === 'image');
}
