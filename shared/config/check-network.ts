// What would be unsafe or cannot work on the network: an open port in plain text, a receiver that cannot prove itself,
// certificates where there is no TLS.
import { formatPath, keyPositionOf, positionOf, type ConfigNode, type ConfigPath } from './config-node.ts';
import { isLoopbackListen, parseListen } from './hosts.ts';
import { configProblem, type ConfigProblem } from './problem.ts';
import { MODES_OF_KIND } from './schema/receiver.ts';
import type { ConfigFile } from './schema/schema.ts';

export function checkNetwork(root: ConfigNode, file: ConfigFile): ConfigProblem[] {
  return [
    ...checkListen(root, file),
    ...checkAdmission(root, file),
    ...checkReceivers(root, file),
    ...checkRegistries(root, file),
  ];
}

function checkListen(root: ConfigNode, { api }: ConfigFile): ConfigProblem[] {
  if (api.tls !== undefined || api.trustProxy || isLoopbackListen(parseListen(api.listen).host)) return [];
  const path = ['api', 'listen'];
  const message = `${api.listen} can be reached from outside, without TLS`;
  const hint =
    'add tls: { certificate, key }, or trustProxy: true behind a proxy that ends TLS, or listen on 127.0.0.1';
  return [configProblem(positionOf(root, path), { path: formatPath(path), text: api.listen, message, hint })];
}

function checkAdmission(root: ConfigNode, { api }: ConfigFile): ConfigProblem[] {
  if (api.admission === undefined) return [];
  const path = ['api', 'admission', 'listen'];
  const { listen, tls } = api.admission;
  const tell = (message: string, hint: string) => [
    configProblem(positionOf(root, path), { path: formatPath(path), text: listen, message, hint }),
  ];
  const [own, first] = [parseListen(listen), parseListen(api.listen)];
  if (own.port !== 0 && own.port === first.port && own.host === first.host)
    return tell(`${listen} is the address of api.listen already`, 'choose another port');
  if (tls !== undefined || api.trustProxy || isLoopbackListen(own.host)) return [];
  return tell(
    `${listen} can be reached from outside, without TLS`,
    'add tls: { certificate, key }: API servers call nothing else',
  );
}

function checkReceivers(root: ConfigNode, { receivers }: ConfigFile): ConfigProblem[] {
  return receivers.flatMap(({ kind, auth }, index) => {
    const modes = MODES_OF_KIND[kind];
    if (modes.includes(auth.mode)) return [];
    const path = ['receivers', index, 'auth', 'mode'];
    const message = `${kind} cannot prove itself by mode ${auth.mode}`;
    const hint = `use mode: ${modes.join(' or ')}`;
    return [configProblem(positionOf(root, path), { path: formatPath(path), text: auth.mode, message, hint })];
  });
}

function checkRegistries(root: ConfigNode, { registries }: ConfigFile): ConfigProblem[] {
  return Object.entries(registries).flatMap(([host, { plainHttp, ca, clientCertificate, proxy }]) => {
    const problems: ConfigProblem[] = [];
    const add = (key: string, message: string, hint: string) => {
      const path: ConfigPath = ['registries', host, key];
      problems.push(configProblem(keyPositionOf(root, path), { path: formatPath(path), text: key, message, hint }));
    };
    const hint = 'leave it or plainHttp: true out';
    if (plainHttp && ca !== undefined) add('ca', 'there are no certificates without TLS', hint);
    if (plainHttp && clientCertificate !== undefined)
      add('clientCertificate', 'there are no certificates without TLS', hint);
    const url = typeof proxy === 'string' && URL.canParse(proxy) ? new URL(proxy) : undefined;
    if (typeof proxy === 'string' && !/^https?:$/.test(url?.protocol ?? '')) {
      add('proxy', 'it is not the address of a proxy', 'write it like http://proxy.acme.io:3128');
    } else if (url !== undefined && `${url.username}${url.password}` !== '') {
      add(
        'proxy',
        'a password must not stand here as text',
        'write { env: NAME } or { file: PATH } with the whole address',
      );
    }
    return problems;
  });
}
