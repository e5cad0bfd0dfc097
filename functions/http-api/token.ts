// The routes of the token endpoint, where registries send their clients to log in: a query with a Basic login, or a form. What an error
// answers decides what a client does next: containerd sends a form first, asks again by a query after 400, 401, 404 and 405, and gives up
// after anything else. So what a query would not mend is no such status: a cluster that does not answer is 503 for both.
import type { Context } from 'hono';
import * as z from 'zod';
import { baseType } from '../../shared/oci/media-types.ts';
import type { RegistryToken, TokenAnswer } from '../registry-token.ts';
import { keySet } from '../registry-token/sign-token.ts';
import { readForm, readQuery, type Misasked, type ReadQuestion } from '../registry-token/token-question.ts';
import type { ApiDeps, ApiEnv } from './api-deps.ts';
import { clientAddress } from './client-address.ts';
import { responsesOf } from './describe-route.ts';
import { Refusal, retryAfter, titleOf, type Problem } from './problem.ts';
import { withBytes } from './read-bytes.ts';
import { addRoute, mount, PLAIN, type Api } from './route.ts';

const PATH = '/token';
const TAG = 'registry tokens';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const MOST_FORM_BYTES = 64 * 1024;
const RETRY_AFTER_MS = 5000;

export type TokenDeps = Pick<
  ApiDeps,
  'clock' | 'clusters' | 'config' | 'fetchJson' | 'logger' | 'metrics' | 'tokenKeys'
>;

export function addTokens(api: Api, deps: TokenDeps): void {
  let loading: Promise<RegistryToken> | undefined;
  // most servers have no token endpoint
  const load = () => (loading ??= import('../registry-token.ts').then(({ registryToken }) => registryToken(deps)));

  /** @throws Refusal 404 where there is none */
  function endpoint() {
    const {
      tokenEndpoint,
      api: { trustProxy },
    } = deps.config();
    const keys = deps.tokenKeys?.();
    if (tokenEndpoint === undefined || keys === undefined) throw noEndpoint();
    return { tokenEndpoint, keys, trustProxy };
  }

  async function answer(context: Context<ApiEnv>, read: () => ReadQuestion | Promise<ReadQuestion>) {
    context.set('route', PATH);
    await api.gate(context, 'own', false);
    const { tokenEndpoint, keys, trustProxy } = endpoint();
    const asked = await read();
    const requestId = context.get('requestId');
    if (asked.question === undefined) return misread(asked.wrong, requestId);
    const client = clientAddress(context.env?.peer, context.req.header('x-forwarded-for'), trustProxy);
    const ask = await load();
    const answered = await ask(tokenEndpoint, keys, asked.question, { request_id: requestId, client_address: client });
    return toResponse(answered, requestId);
  }

  mount(api, { method: 'get', path: PATH }, (context) => {
    const { req } = context;
    return answer(context, () => readQuery(new URL(req.url).searchParams, req.header('authorization')));
  });
  mount(api, { method: 'post', path: PATH }, (context) => answer(context, () => formOf(context.req.raw, api)));
  describe(api);

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: `${PATH}/jwks`,
      access: 'public',
      tag: TAG,
      summary: 'The public keys of the tokens, old ones too',
      answers: { 200: { description: 'A JSON Web Key Set', schema: z.object({ keys: z.array(z.looseObject({})) }) } },
      errors: [404],
    },
    () => Response.json(keySet(endpoint().keys)),
  );
}

/** A type that is wrong is 400, as is all that a query may do better. @throws Refusal 400, 413, 503 */
async function formOf(request: Request, { bodies }: Api): Promise<ReadQuestion> {
  if (baseType(request.headers.get('content-type') ?? undefined) !== FORM_TYPE) {
    return { wrong: { error: 'invalid_request', detail: `the body must be ${FORM_TYPE}` } };
  }
  return withBytes(request, { limitBytes: MOST_FORM_BYTES, budget: bodies }, async (bytes) => {
    if (bytes === undefined) throw tooLarge();
    return readForm(new URLSearchParams(new TextDecoder().decode(bytes)));
  });
}

function toResponse(answer: TokenAnswer, requestId: string): Response {
  if (answer.outcome !== 'issued') return refusal(REFUSALS[answer.outcome], requestId);
  const { token, lifeSeconds, issuedAt } = answer;
  const body = { token, access_token: token, expires_in: lifeSeconds, issued_at: issuedAt.toISOString() };
  return Response.json(body satisfies z.input<typeof tokenSchema>);
}

type TokenRefusal = Pick<Problem, 'status' | 'code' | 'detail' | 'hint' | 'headers'> & {
  /** Of OAuth 2. */
  error: string;
};

/** The same for whatever is wrong with a password. */
const REFUSALS = {
  'wrong-service': {
    status: 400,
    code: 'invalid-request',
    error: 'invalid_request',
    detail: 'no tokens are made here for this service',
    hint: 'auth.token.service of the registry and tokenEndpoint.service must be the same',
  },
  unauthorized: {
    status: 401,
    code: 'unauthorized',
    error: 'invalid_grant',
    detail: 'the password is no token of a ServiceAccount that was made for this registry',
    hint: 'the password is such a token, made with: kubectl create token NAME --audience SERVICE; the username does not matter',
    headers: { 'www-authenticate': 'Basic realm="transship", charset="UTF-8"' },
  },
  unavailable: {
    status: 503,
    code: 'unavailable',
    error: 'temporarily_unavailable',
    detail: 'the cluster that decides who may pull does not answer now',
    headers: retryAfter(RETRY_AFTER_MS),
  },
} as const satisfies Record<Exclude<TokenAnswer['outcome'], 'issued'>, TokenRefusal>;

function misread(wrong: Misasked, requestId: string): Response {
  return refusal({ status: 400, code: 'invalid-request', ...wrong }, requestId);
}

/** A problem, with the members by which clients of OAuth 2 and of registries show what is wrong. */
function refusal({ status, code, error, detail, hint, headers }: TokenRefusal, requestId: string): Response {
  const ofRegistry = { code: status === 401 ? 'UNAUTHORIZED' : 'DENIED', message: detail, detail };
  const problem = { type: 'about:blank', title: titleOf(status), status, detail, code, hint, requestId };
  return new Response(JSON.stringify({ ...problem, error, error_description: detail, errors: [ofRegistry] }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}

function noEndpoint(): Refusal {
  return new Refusal({
    status: 404,
    code: 'not-found',
    detail: 'there is no token endpoint here',
    hint: 'set tokenEndpoint in the configuration',
  });
}

function tooLarge(): Refusal {
  return new Refusal({
    status: 413,
    code: 'body-too-large',
    detail: `the form is larger than ${MOST_FORM_BYTES} bytes`,
  });
}

const tokenSchema = z
  .object({
    token: z.string(),
    access_token: z.string().describe('the same, for clients of OAuth 2'),
    expires_in: z.int().describe('in seconds'),
    issued_at: z.iso.datetime(),
  })
  .meta({ id: 'RegistryToken' });

const scope = z
  .string()
  .describe('`repository:team-a/app:pull,push`; several with spaces between them, or the parameter several times');

const formSchema = z.looseObject({
  grant_type: z.enum(['password', 'refresh_token']),
  service: z.string(),
  scope: scope.optional(),
  username: z.string().optional().describe('it does not matter'),
  password: z.string().optional().describe('a token of a ServiceAccount, or of a trusted issuer'),
  refresh_token: z.string().optional().describe('the same'),
});

const ABOUT =
  'The protocol of Docker registries: https://distribution.github.io/distribution/spec/auth/. What is not allowed is left out of the token.';

function describe({ registry }: Api): void {
  const responses = responsesOf(
    { 200: { description: 'A token', schema: tokenSchema } },
    [400, 401, 404, 429, 500, 503],
  );
  registry?.registerPath({
    method: 'get',
    path: PATH,
    tags: [TAG],
    operationId: 'get-token',
    summary: 'A token for a registry, by a Basic login or for anybody',
    description: ABOUT,
    security: [],
    request: { query: z.object({ service: z.string(), scope: z.array(scope).optional() }) },
    responses,
  });
  registry?.registerPath({
    method: 'post',
    path: PATH,
    tags: [TAG],
    operationId: 'post-token',
    summary: 'A token for a registry, by a form',
    description: ABOUT,
    security: [],
    request: { body: { required: true, content: { [FORM_TYPE]: { schema: formSchema } } } },
    responses: { ...responses, ...responsesOf({}, [413]) },
  });
}
