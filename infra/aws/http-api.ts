// The function of the API: everything that people and programs ask for.
import { createHttpApi } from '../../functions/http-api/create-http-api.ts';
import { httpHandler } from './host/http/serve-http.ts';
import { openApiHost } from './host/open-api-host.ts';

const host = openApiHost(process.env);

export const handler = httpHandler(host, createHttpApi(host.deps));
