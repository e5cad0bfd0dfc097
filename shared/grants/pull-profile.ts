// How a registry that obeys Kubernetes asks an API server whether somebody may pull an image, and which role says yes.
// https://docs.redhat.com/en/documentation/openshift_container_platform/4.17/html/registry/accessing-the-registry

export type PullProfile = {
  /** `acp`, `acp-v2`, `openshift`, or `custom`. */
  name: string;
  /** The API group: `registry.alauda.io`. */
  group: string;
  /** `images`; with a subresource, `imagestreams/layers`. */
  resource: string;
  verb: string;
  /** Asked for a push; absent: nobody may push by it. */
  pushVerb?: string;
  /** The registry asks for a resource that is called `imagestreams/layers`, in place of a resource and its subresource. */
  joinedForm: boolean;
  /** What the name of the object in question is: none, or the image's, without its namespace. */
  nameFrom: 'none' | 'image';
  /** The role that a RoleBinding gives. */
  clusterRole: string;
  /** False: the name is used in reviews only, no API serves it. */
  expectServed: boolean;
};
