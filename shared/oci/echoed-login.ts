// What a registry repeats of the login that it was sent. No pattern knows a plain password, but whoever sent it does: it is taken out of
// the registry's words before anybody sees them.

/** Less than this is no secret, and would be found in the middle of words. */
const LEAST_CHARACTERS = 6;

/** The text without what the Authorization header of its request says, in any form that it may come back in. */
export function withoutLogin(text: string, header: string | undefined): string {
  let shown = text;
  for (const form of formsOf(header)) shown = shown.replaceAll(form, '[redacted]');
  return shown;
}

/** The longest first, so that no rest of one is left. */
function formsOf(header: string | undefined): string[] {
  const [, scheme = '', sent = ''] = /^(\S+) (.*)$/.exec(header ?? '') ?? [];
  const login = scheme === 'Basic' ? Buffer.from(sent, 'base64').toString('utf8') : '';
  const secrets = [sent, login, login.slice(login.indexOf(':') + 1)];
  const forms = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  return [...new Set(forms)]
    .filter(({ length }) => length >= LEAST_CHARACTERS)
    .toSorted((one, other) => other.length - one.length);
}
