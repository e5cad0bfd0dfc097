// What EventBridge brings of a push to ECR. https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html

/** Of `team/app:1.0` in account 123456789012 and eu-west-1, unless something else is given. */
export function imagePushed(given: object = {}, detail: object = {}) {
  return {
    version: '0',
    id: '13cde686-328b-6117-af20-0e5566167482',
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: '123456789012',
    time: '2026-11-21T11:59:58Z',
    region: 'eu-west-1',
    resources: [],
    detail: { result: 'SUCCESS', 'repository-name': 'team/app', 'action-type': 'PUSH', 'image-tag': '1.0', ...detail },
    ...given,
  };
}
