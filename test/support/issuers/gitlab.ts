// A fake of GitLab's API for deploy tokens of a group: made, listed without their secret, taken away; each ends at midnight UTC.
// https://docs.gitlab.com/api/deploy_tokens/
import { startJsonApi, type ApiReply, type JsonApi } from './json-api.ts';
import { uniqueSecret } from './secrets.ts';

type FakeDeployToken = {
  id: number;
  name: string;
  username: string;
  expires_at: string;
  revoked: boolean;
  expired: boolean;
};
export type FakeGitlab = JsonApi & { token: string; deployTokens: FakeDeployToken[]; secrets: string[] };

export async function startGitlab(): Promise<FakeGitlab> {
  const token = `glpat-${uniqueSecret('gitlab')}`;
  const deployTokens: FakeDeployToken[] = [];
  const secrets: string[] = [];
  const root = '/api/v4/groups/acme%2Fteam/deploy_tokens';
  const api = await startJsonApi((call): ApiReply => {
    if (call.headers['private-token'] !== token) return { status: 401, json: { message: '401 Unauthorized' } };
    if (call.path === root && call.method === 'GET')
      return { status: 200, json: deployTokens.filter(({ revoked }) => !revoked) };
    if (call.path === root && call.method === 'POST') {
      const { name, expires_at: end } = Object(call.body);
      const secret = `gldt-${uniqueSecret('deploy')}`;
      secrets.push(secret);
      const made = {
        id: deployTokens.length + 1,
        name: String(name),
        username: `gitlab+deploy-token-${deployTokens.length + 1}`,
        expires_at: `${String(end).slice(0, 10)}T00:00:00.000Z`,
        revoked: false,
        expired: false,
      };
      deployTokens.push(made);
      return { status: 201, json: { ...made, token: secret } };
    }
    const found = deployTokens.find(({ id }) => call.path === `${root}/${id}`);
    if (call.method !== 'DELETE' || found === undefined) return { status: 404, json: { message: '404 Not found' } };
    found.revoked = true;
    return { status: 204 };
  });
  return Object.assign(api, { token, deployTokens, secrets });
}
