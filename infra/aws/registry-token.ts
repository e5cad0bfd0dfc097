// The token endpoint of registries as a function: `/token`.
import { createTokenApi } from '../../functions/http-api/create-token-api.ts';
import { httpHandler } from './host/http/serve-http.ts';
import { openTokenHost } from './host/open-token-host.ts';

const host = openTokenHost(process.env);

export const handler = httpHandler(host, createTokenApi(host.deps));
