// A moto server on loopback: the AWS API as far as tests need it (ECR, STS), with the accounts and repositories that they make there.
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess } from './child-processes.ts';

export type Moto = {
  url: string;
  /** What the SDK reads to come here instead of AWS, and an identity to come with. */
  env: Readonly<Record<string, string>>;
  [Symbol.asyncDispose](): Promise<void>;
};

const READY_TIMEOUT_MS = 60_000;

/** @param program `requireComponent('moto')` */
export async function startMoto(program: string): Promise<Moto> {
  const started = startProcess(program, ['-H', '127.0.0.1', '-p', '0'], {
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let url: string | undefined;
  while (url === undefined) {
    // what it says of its port stands among what the libraries say
    url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(started.lastWords())?.[1];
    if (started.hasEnded() || Date.now() > deadline) throw new Error(`moto did not start:\n${started.lastWords()}`);
    await sleep(25);
  }
  return {
    url,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'secret-of-the-test',
      // no files of whoever runs the test
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    async [Symbol.asyncDispose]() {
      await started.end('SIGTERM');
    },
  };
}
