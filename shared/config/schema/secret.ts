// Secrets stand in a configuration only as references to where they are; so do certificates, which are long.
import * as z from 'zod';

/** The first line of the message where a text stands in place of a secret; its value is never shown. */
export const SECRET_AS_TEXT = 'a secret must not stand here as text';

const hint = 'write { env: NAME } or { file: PATH }, and put the secret there';

const forms = [
  z.strictObject({ env: z.string().min(1).describe('the environment variable that holds it') }),
  z.strictObject({
    file: z.string().min(1).describe('the file that holds it, relative to this one; a last line break is dropped'),
  }),
  z.strictObject({
    kubernetesSecret: z
      .strictObject({
        namespace: z.string().min(1).describe('its Namespace'),
        name: z.string().min(1).describe('its name'),
        key: z.string().min(1).describe('the key of its data'),
      })
      .describe('a Secret of the cluster that Transship runs in'),
  }),
  z.strictObject({
    awsSecret: z
      .strictObject({
        id: z.string().min(1).describe('its name or ARN'),
        key: z.string().min(1).describe('a member, where the secret is a JSON object').optional(),
      })
      .describe('a secret of AWS Secrets Manager'),
  }),
  z.strictObject({
    awsParameter: z
      .strictObject({ name: z.string().min(1).describe('its name or ARN') })
      .describe('a parameter of AWS Systems Manager, best a SecureString'),
  }),
] as const;

export const secretReference = z
  .union(forms, { error: ({ input }) => (isScalar(input) ? `${SECRET_AS_TEXT}\n${hint}` : undefined) })
  .meta({ id: 'SecretReference', title: 'secret', description: 'Where a secret is: never the secret itself.' });

export const certificateReference = z
  .union(forms, {
    error: ({ input }) =>
      isScalar(input) ? 'a certificate is given by reference\nwrite { file: ./certificate.pem }' : undefined,
  })
  .meta({ id: 'CertificateReference', title: 'certificate', description: 'Where certificates are, in PEM form.' });

function isScalar(input: unknown): boolean {
  return input !== undefined && input !== null && typeof input !== 'object';
}
