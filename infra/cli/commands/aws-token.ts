// `transship aws token`: makes an API token with the caller's own AWS identity. There is no socket of an owner on AWS, so the first one
// comes this way; later ones may as well be made by the API.
import { makeApiToken } from '../../aws/records/make-api-token.ts';
import { RECORDS_TABLE } from '../../aws/stack/names.ts';
import { SCOPES } from '../../../functions/http-api/api-token.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { awsPlace, type AwsOptions } from '../aws/aws-place.ts';
import { apiUrlOf, resourceOf, stackOf } from '../aws/stack.ts';
import { logs, type Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor } from '../output/style.ts';
import { readExpiry } from '../read-expiry.ts';

export type AwsTokenOptions = AwsOptions & { name: string; scope: string[]; expires?: string };

export async function runAwsToken(context: Context, options: AwsTokenOptions): Promise<number> {
  const { io, globals } = context;
  const expiresAt = options.expires === undefined ? undefined : readExpiry(options.expires);
  if (expiresAt !== undefined && expiresAt.getTime() <= Date.now()) {
    throw new TransshipError('invalid-usage', '--expires is past', { hint: 'write it like 90d, or 2027-01-31' });
  }
  const scopes = SCOPES.filter((scope) => options.scope.includes(scope));
  const place = await awsPlace(context, options);
  const stack = await stackOf(place);
  const { identity, env } = place.surroundings;
  const { token, text } = await makeApiToken(
    { tableName: resourceOf(stack, RECORDS_TABLE, place), region: place.region, identity, env },
    { name: options.name, scopes, ...(expiresAt === undefined ? {} : { expiresAt }) },
  );
  const url = apiUrlOf(stack, place);
  if (globals.json) {
    printJsonLine(io, { type: 'report', ...token, token: text.reveal(), ...(url === undefined ? {} : { url }) });
    return EXIT.done;
  }
  // alone on stdout: export TRANSSHIP_TOKEN=$(transship aws token …)
  io.stdout.write(`${text.reveal()}\n`);
  if (!logs(globals, 'warn')) return EXIT.done;
  const style = styleFor(io.stderr, io, globals);
  const use = url === undefined ? '' : `; use it: TRANSSHIP_TOKEN=… transship jobs list --server ${url}`;
  io.stderr.write(`${style('dim', `token ${token.id}, shown only now${use}`)}\n`);
  return EXIT.done;
}
