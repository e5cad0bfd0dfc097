// Every command's declaration, in the order of the help.
import { declareAllow } from './allow.ts';
import { declareApiToken } from './api-token.ts';
import { declareAws } from './aws.ts';
import { declareCanPull } from './can-pull.ts';
import { declareCluster } from './cluster.ts';
import { declareCompletion } from './completion.ts';
import { declareConfig } from './config.ts';
import { declareCopy } from './copy.ts';
import { declareCredentials } from './credentials.ts';
import { declareDemo } from './demo.ts';
import { declareEvents } from './events.ts';
import { declareGrants } from './grants.ts';
import { declareInspect } from './inspect.ts';
import { declareJobs } from './jobs.ts';
import { declareReceivers } from './receivers.ts';
import { declareServe } from './serve.ts';
import { declareSync } from './sync.ts';
import { declareTags } from './tags.ts';
import { declareTokenEndpoint } from './token-endpoint.ts';
import { declareVersion } from './version.ts';

export const DECLARATIONS = [
  declareCopy,
  declareInspect,
  declareTags,
  declareSync,
  declareServe,
  declareJobs,
  declareEvents,
  declareReceivers,
  declareCredentials,
  declareAllow,
  declareGrants,
  declareCanPull,
  declareCluster,
  declareTokenEndpoint,
  declareApiToken,
  declareAws,
  declareConfig,
  declareDemo,
  declareCompletion,
  declareVersion,
];
