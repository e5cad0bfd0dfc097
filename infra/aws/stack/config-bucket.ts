// The bucket of the configuration: versioned, private, and by TLS only.
import { arnOf, ref, sub, type Fragment } from './fragment.ts';
import { CONFIG_BUCKET } from './names.ts';

const FORGET_OLD_VERSIONS_DAYS = 90;

export const configBucket: Fragment = {
  Resources: {
    [CONFIG_BUCKET]: {
      Type: 'AWS::S3::Bucket',
      // it has versions in it, and only an empty bucket can be deleted: where it should go away, removing the stack would fail
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        LifecycleConfiguration: {
          Rules: [
            {
              Id: 'old-versions',
              Status: 'Enabled',
              NoncurrentVersionExpiration: { NoncurrentDays: FORGET_OLD_VERSIONS_DAYS },
            },
          ],
        },
      },
    },
    [`${CONFIG_BUCKET}Policy`]: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: ref(CONFIG_BUCKET),
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'OnlyByTls',
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:*',
              Resource: [arnOf(CONFIG_BUCKET), sub(`\${${CONFIG_BUCKET}.Arn}/*`)],
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      },
    },
  },
  Outputs: { ConfigBucketName: { Description: 'Where the configuration is', Value: ref(CONFIG_BUCKET) } },
};
