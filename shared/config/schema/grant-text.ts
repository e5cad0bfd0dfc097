// Texts that stand in grants: names, principals of clouds, patterns of repositories, moments. A refusal carries its hint in a second line.
import * as z from 'zod';
import { parseMoment } from '../moments.ts';

export const grantName = z.string().regex(/^[a-z0-9](?:[-a-z0-9]{0,38}[a-z0-9])?$/, {
  error:
    'it is not a name for a grant\nuse at most 40 lower-case letters, digits and "-", a letter or digit first and last',
});

export const awsAccount = z
  .string()
  .regex(/^\d{12}$/, { error: 'it is not the ID of an AWS account\nwrite its twelve digits, in quotes' });

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns */
export const awsPrincipal = z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/, {
  error: 'it is not the ARN of a role or user\nwrite it like arn:aws:iam::123456789012:role/pull',
});

export const awsOrganization = z.string().regex(/^o-[a-z0-9]{10,32}$/, {
  error: 'it is not the ID of an AWS organization\nwrite it like o-a1b2c3d4e5',
});

export const objectId = z.guid({
  error:
    'it is not an object ID\nwrite what "az ad sp show --id APPLICATION --query id" prints; for people and groups it is az ad user, az ad group',
});

/** https://cloud.google.com/iam/docs/principal-identifiers */
export const googlePrincipal = z
  .string()
  .regex(
    /^(?:(?:serviceAccount|user|group):[^\s:@]+@[^\s:@]+|domain:[^\s:@]+|principal(?:Set)?:\/\/[^\s]+|allUsers|allAuthenticatedUsers)$/,
    {
      error:
        'it is not a principal of Google\nwrite it as IAM does: serviceAccount:puller@project.iam.gserviceaccount.com, group:team@acme.io',
    },
  );

/** Components as registries have them; `*` only as the last one, and `**` also alone. */
export const repositoryPattern = z
  .string()
  .regex(/^(?:\*\*|[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?:\/\*\*?)?)$/, {
    error:
      'it is neither a repository nor a pattern\nwrite team-a/app, team-a/* (one level), team-a/** (any depth), or ** for all',
  });

export const moment = z
  .string()
  .refine((text) => parseMoment(text, 'start') !== undefined, {
    error: 'it is not a moment\nwrite a date, like 2027-01-31, or a time with its zone, like 2027-01-31T12:00:00Z',
  })
  .meta({ examples: ['2027-01-31', '2027-01-31T12:00:00Z'] });
