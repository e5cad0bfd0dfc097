// The cheapest event of each function: its answer takes what everybody waits for who meets a cold one, and little else.
import type { AwsFunctionName } from '../../../infra/aws/stack/functions.ts';

const nobody = { Records: [] };

export const COLD_EVENTS: Readonly<Record<AwsFunctionName, unknown>> = {
  'registry-push': request('POST', '/hooks/harbor/nobody', 'POST /hooks/{proxy+}'),
  'namespace-created': request('POST', '/k8s/events', 'POST /k8s/{proxy+}'),
  'registry-token': request('GET', '/token/jwks', 'GET /token/jwks'),
  'http-api': request('GET', '/livez', '$default'),
  'ecr-push': {
    version: '0',
    id: '13cde686-328b-6117-af20-0e5566167482',
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: '123456789012',
    time: '2026-01-01T00:00:00Z',
    region: 'eu-west-1',
    resources: [],
    detail: {
      result: 'SUCCESS',
      'repository-name': 'nothing/mirrors-it',
      'image-digest': `sha256:${'7'.repeat(64)}`,
      'action-type': 'PUSH',
      'image-tag': 'latest',
    },
  },
  'mirror-image': nobody,
  'sync-mirrors': nobody,
  'refresh-credentials': nobody,
  'reconcile-grants': nobody,
  'give-access': nobody,
  timers: { timer: 'mirrors' },
  'dead-letters': nobody,
};

/** Payload format 2.0. */
function request(method: string, path: string, routeKey: string) {
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'api.example', 'content-type': 'application/json' },
    requestContext: {
      accountId: '123456789012',
      apiId: 'emulated',
      domainName: 'api.example',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
      requestId: 'bench',
      routeKey,
      stage: '$default',
      time: '01/Jan/2026:00:00:00 +0000',
      timeEpoch: 1_767_225_600_000,
    },
    ...(method === 'POST' ? { body: '{}' } : {}),
    isBase64Encoded: false,
  };
}
