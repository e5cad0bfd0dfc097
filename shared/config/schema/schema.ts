// The schema of transship.yaml, version 1: strict, with all defaults. What it gives back still has the form of the file; what the
// program works with is made from that by to-config.ts.
import * as z from 'zod';
import { api } from './api.ts';
import { clusters } from './cluster.ts';
import { credentials } from './credential.ts';
import { grants, reconcile } from './grant.ts';
import { mirrors } from './mirror.ts';
import { receivers } from './receiver.ts';
import { registries } from './registry.ts';
import { secretReference } from './secret.ts';
import { tokenEndpoint } from './token-endpoint.ts';

export const configSchema = z
  .strictObject({
    version: z.literal(1).describe('The version of this format.'),
    registries,
    mirrors,
    receivers,
    api,
    clusters,
    credentials,
    grants,
    reconcile,
    tokenEndpoint,
    dataDir: z
      .string()
      .min(1)
      .describe(
        'The folder for the store, the admin socket and the journal, by default `$XDG_STATE_HOME/transship` (`~/.local/state/transship`).',
      )
      .optional(),
    instance: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, {
        error: 'it is not a name for an instance\nuse lower-case letters, digits and "-", at most 40 of them',
      })
      .default('transship')
      .describe("Goes into owner marks: two instances never touch each other's objects."),
    masterKey: secretReference
      .describe('The key of the tokens in webhook addresses; made in `dataDir` on first use where it is missing.')
      .optional(),
  })
  .meta({ title: 'transship.yaml', description: 'The configuration of Transship, version 1.' });

/** A configuration in the form of the file, with all defaults. */
export type ConfigFile = z.output<typeof configSchema>;
