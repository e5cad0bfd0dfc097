// What the HTTP API has beside its routes, which stand in serverless.yml: how much it lets through. osls has no key for that.

/** Of all clients together; single ones are counted by the functions. */
export const httpApiExtensions = {
  HttpApiStage: {
    Properties: {
      DefaultRouteSettings: {
        DetailedMetricsEnabled: true,
        ThrottlingRateLimit: '${param:requestsPerSecond}',
        ThrottlingBurstLimit: '${param:requestsAtOnce}',
      },
    },
  },
};
