// Takes the image names apart that senders put into their payloads: with or without scheme, host, tag and digest.
// It only splits; whether the parts are valid is checked where the event is made.

/** Parts that are not there are null. */
export type ImageName = {
  host: string | null;
  path: string | null;
  tag: string | null;
  digest: string | null;
};

const SCHEME = /^[a-z][a-z0-9+.-]{0,20}:\/\//i;
// Harbor writes a colon before the digest: https://github.com/goharbor/harbor/issues/11713
const DIGEST = /[@:](sha\d{3}:[^/]*)$/;

/** Splits `host/path:tag`, `host/path@sha256:…` and `host/path:sha256:…`. The first part is a host if it looks like one, or follows a scheme. */
export function splitImageName(text: string | null): ImageName {
  const whole = (text ?? '').replace(SCHEME, '');
  const slash = whole.indexOf('/');
  const first = slash < 0 ? whole : whole.slice(0, slash);
  const hasScheme = whole.length !== (text ?? '').length;
  const hasHost = hasScheme || (slash >= 0 && (first === 'localhost' || /[.:]/.test(first)));
  if (hasHost && slash < 0) return { ...splitPath(''), host: first || null };
  return hasHost ? { ...splitPath(whole.slice(slash + 1)), host: first || null } : { ...splitPath(whole), host: null };
}

function splitPath(text: string): Omit<ImageName, 'host'> {
  const digest = DIGEST.exec(text);
  const named = digest === null ? text : text.slice(0, digest.index);
  const colon = named.lastIndexOf(':');
  const isTagged = colon > named.lastIndexOf('/');
  const path = isTagged ? named.slice(0, colon) : named;
  return {
    path: path.replace(/\/$/, '') || null,
    tag: isTagged ? named.slice(colon + 1) || null : null,
    digest: digest?.[1] ?? null,
  };
}
