// Whether the AWS API of ECR is somewhere else than where the SDK looks for it, as the environment says.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html

export function hasOwnEndpoint(env: NodeJS.ProcessEnv): boolean {
  return (env['AWS_ENDPOINT_URL_ECR'] ?? env['AWS_ENDPOINT_URL'] ?? '') !== '';
}
