// A fake of each vendor with an issuer that is configured for it.
import type { Issuer } from '../../../shared/registries/issuer.ts';
import { startGithub, type FakeGithub } from './github.ts';
import { startGitlab, type FakeGitlab } from './gitlab.ts';
import { startHarborRobots, type FakeHarborRobots } from './harbor-robots.ts';
import { issuersOf } from './issuers-of.ts';
import type { JsonApi } from './json-api.ts';
import { startQuay, type FakeQuay } from './quay.ts';
import { uniqueSecret } from './secrets.ts';

/** `entry` is what stands in `registries`, `env` holds the secrets that it refers to. */
export type VendorBed<Fake extends JsonApi = JsonApi> = {
  fake: Fake;
  registry: string;
  issuer: Issuer;
  env: Record<string, string>;
  entry: string;
};

export const ROBOTS = ['robot$team+pull-a', 'robot$team+pull-b'] as const;

export async function githubBed(): Promise<VendorBed<FakeGithub>> {
  const fake = await startGithub();
  const { appId, installationId, privateKey } = fake;
  const app = `appId: ${appId}, installationId: ${installationId}, privateKey: { env: KEY }, api: "${fake.url}"`;
  return bed(fake, 'containers.acme.test', `kind: ghcr, credential: { githubApp: { ${app} } }`, { KEY: privateKey });
}

export async function quayBed(): Promise<VendorBed<FakeQuay>> {
  const fake = await startQuay();
  const robot = `robot: ${fake.robot}, token: { env: OIDC }`;
  const fields = `kind: quay, plainHttp: true, credential: { quayRobot: { ${robot} } }`;
  return bed(fake, fake.host, fields, { OIDC: fake.subject });
}

export async function harborBed(): Promise<VendorBed<FakeHarborRobots>> {
  const fake = await startHarborRobots(ROBOTS);
  const admin = 'admin: { username: admin, password: { env: ADMIN } }, key: { env: ROTATION }';
  const robots = `robots: ["${ROBOTS.join('", "')}"], ${admin}, every: 7d`;
  const fields = `kind: harbor, plainHttp: true, credential: { harborRobots: { ${robots} } }`;
  return bed(fake, fake.host, fields, { ADMIN: fake.admin.password, ROTATION: uniqueSecret('rotation-key') });
}

export async function gitlabBed(): Promise<VendorBed<FakeGitlab>> {
  const fake = await startGitlab();
  const token = `group: acme/team, token: { env: PAT }, name: prod, life: 30d, grace: 7d, api: "${fake.url}"`;
  const fields = `kind: gitlab, credential: { gitlabDeployToken: { ${token} } }`;
  return bed(fake, 'registry.acme.test', fields, { PAT: fake.token });
}

function bed<Fake extends JsonApi>(
  fake: Fake,
  registry: string,
  fields: string,
  env: Record<string, string>,
): VendorBed<Fake> {
  const entry = `"${registry}": { ${fields} }`;
  return { fake, registry, entry, env, issuer: issuersOf(entry, { env }).of(registry) };
}

/** From its issue to its end, in milliseconds. */
export function lifeOf({ issuedAt, expiresAt }: { issuedAt: Date; expiresAt?: Date }): number {
  return (expiresAt?.getTime() ?? Number.NaN) - issuedAt.getTime();
}
