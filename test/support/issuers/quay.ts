// A fake of Quay's federation of robot accounts: a token of another issuer, known here by its text, is traded for one of an hour.
// https://github.com/quay/quay/blob/master/endpoints/oauth/robot_identity_federation.py
import { basicOf, startJsonApi, type ApiReply, type JsonApi } from './json-api.ts';
import { uniqueSecret, unsignedJwt } from './secrets.ts';

type Settings = { robot: string; subject: string; lifeMs: number; isOpaque: boolean; tokens: string[] };
export type FakeQuay = JsonApi & Settings;

export async function startQuay(): Promise<FakeQuay> {
  const quay: Settings = {
    robot: 'acme+puller',
    subject: uniqueSecret('oidc'),
    lifeMs: 3_600_000,
    isOpaque: false,
    tokens: [],
  };
  const api = await startJsonApi((call, { skewMs }): ApiReply => {
    if (call.path !== '/oauth2/federation/robot/token' || call.method !== 'GET') return { status: 404, json: {} };
    const login = basicOf(call);
    if (login?.username !== quay.robot || login.password !== fake.subject)
      return { status: 401, json: { message: 'Invalid token' } };
    const seconds = Math.floor((Date.now() + skewMs) / 1000);
    const claims = { iss: 'quay', sub: quay.robot, iat: seconds, exp: seconds + fake.lifeMs / 1000 };
    const token = fake.isOpaque ? uniqueSecret('quay') : unsignedJwt(claims);
    quay.tokens.push(token);
    return { status: 200, json: { token } };
  });
  const fake = Object.assign(api, quay);
  return fake;
}
