// What is asked of credentials of Google that stand in JSON: that they are whole, and that they send nothing anywhere but to Google.
import { TransshipError } from '../errors.ts';

/**
 * An address of Google's own, since tokens go there.
 * https://cloud.google.com/docs/authentication/external/externally-sourced-credentials
 * @throws TransshipError invalid-config
 */
export function googleUrl(text: string, name: string): string {
  const url = URL.parse(text);
  const isGoogle = url?.protocol === 'https:' && url.port === '' && url.hostname.endsWith('.googleapis.com');
  if (url === null || !isGoogle || url.username !== '')
    throw unusable(name, 'names an address that is not of googleapis.com');
  return url.href;
}

/** `name` is where the credentials stand. */
export function unusable(name: string, problem: string): TransshipError {
  return new TransshipError('invalid-config', `the Google credentials in ${name}: what stands there ${problem}`, {
    hint: 'download the JSON anew: gcloud iam service-accounts keys create, or gcloud iam workload-identity-pools create-cred-config',
    details: { operation: 'log in to Google' },
  });
}
