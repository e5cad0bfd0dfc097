// The names of what a survey of an ECR registry tells beside its repositories.

/** `V2`: the policy of the registry counts for pulls. https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html */
export const REGISTRY_POLICY_SCOPE = 'registry-policy-scope';

/** Accounts of AWS that the configuration names, with commas between them. */
export const KNOWN_ACCOUNTS = 'known-accounts';
