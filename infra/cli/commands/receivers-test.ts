// `transship receivers test`: a push as a sender of that kind would send it, with its credential, and the curl line that sends it.
import { randomUUID } from 'node:crypto';
import type { ReceiverConfig } from '../../../functions/registry-push/receiver-of.ts';
import { openReceiver } from '../../../functions/registry-push/receivers.ts';
import type { Config } from '../../../shared/config/config.ts';
import { loadConfigIfAny } from '../../../shared/config/config-if-any.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { isReceiverKind, PUSH_SOURCES } from '../../../shared/events/index.ts';
import type { ReceiverKind } from '../../../shared/events/push-event.ts';
import type { AuthMode, ReceiverAuth } from '../../../shared/events/receiver.ts';
import { curlLine, samplePush } from '../../../shared/events/sample-push.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { logs, type Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor } from '../output/style.ts';
import { pathTokenFor, readBase, receiverOf, receiverUrl } from '../receiver-url.ts';
import { secretReader } from '../secret-reader.ts';

export type ReceiversTestOptions = { receiver?: string; base?: string; repository?: string; tag?: string };

/** What a sample is made of. */
type Sample = { url: string; secret: Secret; mode: AuthMode; headerName?: string; host?: string; note?: string };

export async function runReceiversTest(context: Context, kind: string, options: ReceiversTestOptions): Promise<number> {
  const { io, globals } = context;
  if (!isReceiverKind(kind)) {
    throw new TransshipError('invalid-usage', `there is no kind of receiver "${kind}"`, {
      hint: `there are: ${Object.keys(PUSH_SOURCES).join(', ')}`,
    });
  }
  const { url, secret, mode, headerName, host, note } = await sampleFor(context, kind, options);
  const { repository, tag } = options;
  const push = samplePush(kind, secret, {
    id: randomUUID(),
    occurredAt: new Date().toISOString(),
    mode,
    ...(headerName === undefined ? {} : { headerName }),
    ...(host === undefined ? {} : { host }),
    ...(repository === undefined ? {} : { repository }),
    ...(tag === undefined ? {} : { tag }),
  });
  const curl = curlLine(push, url);
  if (globals.json) {
    const { headers, body, pathSuffix } = push;
    printJsonLine(io, { type: 'report', kind, url: url + pathSuffix, headers, body, curl, ...(note && { note }) });
    return EXIT.done;
  }
  if (!globals.quiet) printSample(context, push.headers, push.body);
  io.stdout.write(`${curl}\n`);
  if (note !== undefined && logs(globals, 'warn')) {
    io.stderr.write(`${styleFor(io.stderr, io, globals)('yellow', 'note:')} ${note}\n`);
  }
  return EXIT.done;
}

function printSample({ io, globals }: Context, headers: Readonly<Record<string, string>>, body: string): void {
  const style = styleFor(io.stdout, io, globals);
  const lines = Object.entries(headers).map(([name, value]) => `${style('dim', `${name}:`)} ${value}`);
  io.stdout.write(`${[...lines, '', body, ''].join('\n')}\n`);
}

/** With the credential of the receiver that is named or the only one of its kind; otherwise with one that shows its place. */
async function sampleFor(context: Context, kind: ReceiverKind, options: ReceiversTestOptions): Promise<Sample> {
  const { io, globals } = context;
  if (options.receiver !== undefined) {
    const { config } = await loadConfigFor(context);
    const receiver = receiverOf(config, options.receiver);
    if (receiver.kind === kind) return sampleOf(context, config, receiver, options.base);
    throw new TransshipError('invalid-usage', `the receiver ${receiver.id} is of kind ${receiver.kind}, not ${kind}`, {
      hint: `transship receivers test ${receiver.kind} --receiver ${receiver.id}`,
    });
  }
  const loaded = await loadConfigIfAny(globals.config, { env: io.env, homeDir: io.homeDir, cwd: process.cwd() });
  const [only, ...others] = loaded?.config.receivers.filter((one) => one.kind === kind) ?? [];
  if (loaded !== undefined && only !== undefined && others.length === 0) {
    return sampleOf(context, loaded.config, only, options.base);
  }
  const note =
    only === undefined
      ? `there is no receiver of kind ${kind} in a configuration: SECRET and the address stand for yours`
      : `there are several receivers of kind ${kind}: name one with --receiver; SECRET stands for its credential`;
  const [mode = 'path'] = PUSH_SOURCES[kind].modes;
  return {
    url: `${readBase(options.base ?? 'http://127.0.0.1:8080')}/hooks/${kind}/example`,
    secret: new Secret('SECRET'),
    mode,
    note,
  };
}

async function sampleOf(
  context: Context,
  config: Config,
  receiver: ReceiverConfig,
  base: string | undefined,
): Promise<Sample> {
  const opened = await openReceiver(receiver, config, secretReader(context.io.env));
  const token = await pathTokenFor(context, config, receiver);
  const secret = secretOf(opened.auth) ?? token;
  const { mode } = opened.auth;
  const isOverHttp = mode !== 'platform';
  const note = isOverHttp
    ? 'TOKEN stands for one that the sender gets from its identity provider'
    : 'mode platform is for queues and buses: over HTTP it lets nobody in';
  return {
    url: receiverUrl(config, receiver, base),
    secret: new Secret(secret ?? 'TOKEN'),
    mode,
    ...(opened.auth.mode === 'header' ? { headerName: opened.auth.name } : {}),
    host: receiver.registry,
    ...(secret === undefined ? { note } : {}),
  };
}

/** The first one: while two are valid, the newer one may not have reached the sender. */
function secretOf(auth: ReceiverAuth): string | undefined {
  if (auth.mode !== 'hmac' && auth.mode !== 'header') return undefined;
  const [first] = auth.secrets;
  return first instanceof Secret ? first.reveal() : first;
}
