// `transship credentials test`: what is wrong with a pull Secret, whether it has something for an image, and on demand whether the registry
// takes it.
import { existsSync } from 'node:fs';
import { loadConfigIfAny } from '../../../shared/config/config-if-any.ts';
import { checkDockerConfig, checkPullSecret } from '../../../shared/credentials/check-docker-config.ts';
import type { SecretFinding } from '../../../shared/credentials/secret-finding.ts';
import { credentialFor } from '../../../shared/credentials/docker-config.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { parseReference } from '../../../shared/oci/reference.ts';
import type { PullVerdict } from '../../../shared/registries/probe-pull.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { secretOfCluster, secretsOfFile, type Checked } from '../checked-secrets.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { openConnections } from '../open-connections.ts';
import { registrySurroundings } from '../open-registries.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { notePrinter } from '../output/note.ts';
import { styleFor, type Colour } from '../output/style.ts';
import { chooseCluster } from './cluster-manifests.ts';

export type CredentialsTestOptions = { cluster?: string; live?: boolean };

type Tested = { name: string; findings: SecretFinding[]; verdict?: PullVerdict };

const COLOURS: Readonly<Record<SecretFinding['severity'], Colour>> = { error: 'red', warning: 'yellow', note: 'dim' };
const KEYS = ['.dockerconfigjson', '.dockercfg'];

export async function runCredentialsTest(
  context: Context,
  target: string,
  image: string | undefined,
  options: CredentialsTestOptions,
): Promise<number> {
  const isLive = options.live === true;
  if (isLive && image === undefined) {
    throw new TransshipError('invalid-usage', '--live needs an image to ask for', {
      hint: 'name one that is to be pulled: transship credentials test FILE registry.example.com/team/app:1.0 --live',
    });
  }
  if (image !== undefined) parseReference(image);
  const tested: Tested[] = [];
  for (const checked of await read(context, target, options)) {
    const findings = findingsOf(checked, image);
    const isBroken = findings.some(({ severity }) => severity === 'error');
    const verdict = isLive && image !== undefined && !isBroken ? await tryLive(context, checked, image) : undefined;
    tested.push({ name: checked.name, findings, ...(verdict === undefined ? {} : { verdict }) });
  }
  print(context, tested);
  const isGood = tested.every(
    ({ findings, verdict }) =>
      findings.every(({ severity }) => severity !== 'error') && (verdict === undefined || verdict.state === 'ok'),
  );
  return isGood ? EXIT.done : EXIT.failed;
}

/** A file that is there is meant as such; else NAMESPACE/NAME is a Secret of a cluster. */
async function read(context: Context, target: string, { cluster }: CredentialsTestOptions): Promise<Checked[]> {
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(target) ?? [];
  const isFile = cluster === undefined && (target === '-' || existsSync(target));
  if (isFile || namespace === undefined || name === undefined) return secretsOfFile(target);
  const { config } = await loadConfigFor(context);
  const chosen = chooseCluster(config, cluster);
  await using opened = new AsyncDisposableStack();
  const connections = await openConnections(config, context, notePrinter(context));
  opened.defer(() => connections.close());
  return [await secretOfCluster(await connections.clusters.get(chosen.name), { namespace, name }, context.signal)];
}

/** @throws TransshipError invalid-reference */
function findingsOf(checked: Checked, image: string | undefined): SecretFinding[] {
  const options = { now: new Date(), ...(image === undefined ? {} : { image }) };
  return checked.kind === 'secret'
    ? checkPullSecret(checked.secret, options)
    : checkDockerConfig(checked.text, options);
}

/** With what a kubelet would take for the image, and nothing else. */
async function tryLive(context: Context, checked: Checked, image: string): Promise<PullVerdict> {
  const credential = credentialFor(textOf(checked), image);
  if (credential === undefined) {
    return { state: 'refused', message: 'it has no credential for the image, so that nodes pull without a login' };
  }
  const { io, globals, signal } = context;
  const loaded = await loadConfigIfAny(globals.config, { env: io.env, homeDir: io.homeDir, cwd: process.cwd() });
  const { openPullProbe } = await import('../../../shared/registries/configured-probe.ts');
  const { authfile: _, ...surroundings } = await registrySurroundings(context, notePrinter(context));
  const { registry, repository, tag } = parseReference(image);
  const registries = (loaded?.config.registries ?? []).map(({ probe: __, ...entry }) => entry);
  const probe = openPullProbe(registries, {
    ...surroundings,
    repositoryOf: () => ({ repository, ...(tag === undefined ? {} : { tag }) }),
  });
  const { username, password } = credential;
  const issued = { username, secret: new Secret(password), issuedAt: new Date(), identity: username };
  return probe(registry, issued, signal);
}

function textOf(checked: Checked): Uint8Array {
  if (checked.kind === 'config') return Buffer.from(checked.text, 'utf8');
  const value = KEYS.map((key) => checked.secret.data[key]).find((text) => text !== undefined);
  return Buffer.from(value ?? '', 'base64');
}

function print({ io, globals }: Context, tested: readonly Tested[]): void {
  if (globals.json) {
    for (const { name, findings, verdict } of globals.quiet ? [] : tested) {
      for (const finding of findings) printJsonLine(io, { type: 'finding', secret: name, ...finding });
      if (verdict !== undefined) printJsonLine(io, { type: 'pull', secret: name, ...verdict });
    }
    const errors = tested.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'error').length;
    printJsonLine(io, { type: 'report', secrets: tested.length, errors });
    return;
  }
  const style = styleFor(io.stdout, io, globals);
  const say = (line: string) => void (globals.quiet || io.stdout.write(`${line}\n`));
  for (const { name, findings, verdict } of tested) {
    const isGood = findings.every(({ severity }) => severity === 'note');
    say(`${style('bold', printable(name))}: ${isGood ? style('green', 'a kubelet reads it') : ''}`.trimEnd());
    for (const { code, severity, message, fix } of findings) {
      say(`  ${style(COLOURS[severity], `${severity} ${code}`)}  ${printable(message, 500)}`);
      say(`  ${style('yellow', 'hint:')} ${printable(fix, 500)}`);
    }
    if (verdict?.state === 'ok') say(`  ${style('green', 'pull')}  the registry takes it`);
    else if (verdict !== undefined) {
      say(`  ${style('red', `pull ${verdict.state}`)}  ${printable(verdict.message, 500)}`);
      if (verdict.hint !== undefined) say(`  ${style('yellow', 'hint:')} ${printable(verdict.hint, 500)}`);
    }
  }
}
