// Hosts in a configuration: registries as references name them, and the address that the server listens on.
import { isTransshipError, TransshipError } from '../errors.ts';
import { kindOfAddress, isAddress } from '../oci/egress/ip-address.ts';
import { parseRepository } from '../oci/reference.ts';
import { printable } from '../telemetry/printable.ts';

/** A registry in the one form that references have it in. @throws TransshipError invalid-config */
export function parseHost(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) {
    throw refused(`"${scheme}" is not part of a host`, 'write host or host:port; plainHttp: true leaves TLS out');
  }
  if (text.includes('/')) throw refused('a host has no "/"', 'write only host or host:port; paths stand in the rules');
  const shown = text.includes('@') ? '…' : printable(text, 100);
  try {
    const { registry, repository } = parseRepository(`${text}/x`);
    if (repository === 'x' || /^(?:index\.|registry-1\.)?docker\.io$/.test(text)) return registry;
  } catch (error) {
    if (!isTransshipError(error, 'invalid-reference')) throw error;
  }
  throw refused(`"${shown}" is not a host`, 'write it as in references: host.example.com, host:port or [IPv6]:port');
}

/** Where to listen. @throws TransshipError invalid-config */
export function parseListen(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535) {
    throw refused(`"${printable(text, 100)}" is not an address to listen on`, 'write host:port, like 127.0.0.1:8080');
  }
  return { host: host === '' ? '0.0.0.0' : host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** True for an address that only this machine reaches. */
export function isLoopbackListen(host: string): boolean {
  return host === 'localhost' || (isAddress(host) && kindOfAddress(host) === 'loopback');
}

function refused(reason: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', reason, { hint });
}
