// Verdicts about a pull Secret that somebody made: whether a kubelet can read it, what it would find in it for an image, and what is
// wrong otherwise. Nothing of a credential gets into a verdict.
import { jsonErrorPosition } from '../registries/json-position.ts';
import { printable } from '../telemetry/printable.ts';
import { field, isRecord } from './auth-entry.ts';
import { checkAuths } from './check-auths.ts';
import { checkExpiry } from './check-expiry.ts';
import { checkKeys } from './check-keys.ts';
import { PULL_SECRET_TYPE } from './read-content.ts';
import type { SecretFinding } from './secret-finding.ts';

/** As it stands in a manifest or in the API: `data` in base64. */
export type CheckedSecret = {
  type: string;
  data: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
};

export type CheckOptions = {
  /** What shall be pulled with it. */
  image?: string;
  now: Date;
};

type Form = { key: '.dockerconfigjson' | '.dockercfg'; type: string };

const FORMS: readonly Form[] = [
  { key: '.dockerconfigjson', type: PULL_SECRET_TYPE },
  { key: '.dockercfg', type: 'kubernetes.io/dockercfg' },
];
const MAKE_ANEW =
  'kubectl create secret docker-registry NAME --docker-server=HOST --docker-username=USER --docker-password=… makes one';

/** All that can be said without asking a registry; none: it is good. @throws TransshipError invalid-reference */
export function checkPullSecret(secret: CheckedSecret, options: CheckOptions): SecretFinding[] {
  const form = FORMS.find(({ type }) => type === secret.type);
  const held = FORMS.find(({ key }) => secret.data[key] !== undefined);
  if (form === undefined) return [strangeType(secret.type)];
  const value = secret.data[form.key];
  if (value === undefined) return [wrongKey(form, held)];
  const { text, findings } = decodeValue(value, form);
  const checked = text === undefined ? [] : checkText(text, form, options);
  return [...findings, ...checked, ...checkExpiry({ annotations: secret.annotations ?? {} }, options.now)];
}

/** A `config.json` that is to become a Secret. @throws TransshipError invalid-reference */
export function checkDockerConfig(text: string, options: CheckOptions): SecretFinding[] {
  return checkText(text, { key: '.dockerconfigjson', type: PULL_SECRET_TYPE }, options);
}

function strangeType(type: string): SecretFinding {
  return {
    code: 'PS-2',
    severity: 'error',
    message: `its type is ${printable(type) || 'missing'}: a kubelet passes over all but ${FORMS.map((form) => form.type).join(' and ')}`,
    fix: `make it anew, as the type of a Secret cannot change: ${MAKE_ANEW}`,
  };
}

function wrongKey({ key, type }: Form, held: Form | undefined): SecretFinding {
  const instead = held === undefined ? '' : `; it has ${held.key}, which belongs to ${held.type}`;
  return {
    code: 'PS-2',
    severity: 'error',
    message: `its type ${type} asks for the key ${key}, which is not there${instead}`,
    fix: held === undefined ? `put the file under ${key}; ${MAKE_ANEW}` : `make it anew with the type ${held.type}`,
  };
}

function decodeValue(value: string, { key }: Form): { text?: string; findings: SecretFinding[] } {
  const base64 = value.replace(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) {
    const isPlain = value.trimStart().startsWith('{');
    return {
      findings: [
        {
          code: 'PS-3',
          severity: 'error',
          message: `${key} is not base64${isPlain ? ': it is the JSON itself' : ''}`,
          fix: isPlain ? 'put it under stringData, or encode it once: base64 -w0 config.json' : encodeOnce(),
        },
      ],
    };
  }
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const wrapped: SecretFinding[] =
    base64 === value.trim()
      ? []
      : [
          {
            code: 'PS-3',
            severity: 'note',
            message: `${key} is base64 in several lines, which the API server accepts`,
            fix: 'base64 -w0 writes one line, which survives templates and indentation',
          },
        ];
  return isEncoded(text) ? { findings: [...wrapped, encodedTwice(key)] } : { text, findings: wrapped };
}

function isEncoded(text: string): boolean {
  const inner = text.replace(/\s/g, '');
  return (
    /^[A-Za-z0-9+/]{8,}={0,2}$/.test(inner) && Buffer.from(inner, 'base64').toString('utf8').trimStart().startsWith('{')
  );
}

function encodedTwice(key: string): SecretFinding {
  return { code: 'PS-3', severity: 'error', message: `${key} was encoded in base64 twice`, fix: encodeOnce() };
}

function encodeOnce(): string {
  return 'encode the file once, base64 -w0 config.json, or use stringData, which takes it as it is';
}

function checkText(text: string, form: Form, options: CheckOptions): SecretFinding[] {
  const config = parseJson(text);
  if (config === undefined) return [notJson(text, form)];
  if (!isRecord(config)) return [broken(form, 'is JSON, but not an object')];
  const nested = field(config, 'auths');
  const isNested = Object.keys(config).some((key) => key.toLowerCase() === 'auths');
  if (isNested !== (form.key === '.dockerconfigjson') && (isNested || looksBare(config))) {
    return [wrongForm(form, isNested)];
  }
  const auths = form.key === '.dockercfg' ? config : (nested ?? {});
  if (!isRecord(auths)) return [broken(form, 'has "auths" that is not an object')];
  const { findings, entries } = checkAuths(auths, config);
  return [
    ...findings,
    ...checkKeys(entries, findings.some(({ severity }) => severity === 'error') ? undefined : options.image),
    ...entries.flatMap((entry) => checkExpiry({ entry }, options.now)),
  ];
}

/** Entries at the top, as `.dockercfg` has them. */
function looksBare(config: Record<string, unknown>): boolean {
  const values = Object.values(config);
  return values.length > 0 && values.every((value) => isRecord(value) && field(value, 'auth') !== undefined);
}

function wrongForm(form: Form, isNested: boolean): SecretFinding {
  const other = FORMS.find((one) => one !== form);
  return {
    code: 'PS-2',
    severity: 'error',
    message: isNested
      ? `${form.key} holds {"auths": …}, and a kubelet takes "auths" for a host there`
      : `${form.key} holds the entries themselves, without {"auths": …} around them`,
    fix: `make it anew with the type ${other?.type ?? ''} and the key ${other?.key ?? ''}`,
  };
}

function notJson(text: string, { key }: Form): SecretFinding {
  if (text.startsWith('\uFEFF')) return broken({ key }, 'begins with a byte order mark, which is no JSON');
  if (text.trim() === '') return broken({ key }, 'is empty');
  const { line, column } = jsonErrorPosition(text);
  return broken({ key }, `is not valid JSON (line ${line}, column ${column})`);
}

function broken({ key }: Pick<Form, 'key'>, problem: string): SecretFinding {
  return {
    code: 'PS-3',
    severity: 'error',
    message: `${key} ${problem}: no Pod that names this Secret pulls anything, not even with another one`,
    fix: MAKE_ANEW,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
