// The OpenAPI document as a promise: a fuzzer sends what it allows and what it forbids, and every answer must be one that it names.
// https://schemathesis.readthedocs.io
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { HOOK_SECRET } from '../../support/http-api/api-bed.ts';
import { startFuzzServer, type FuzzServer } from '../../support/http-api/fuzz-server.ts';
import { requireComponent } from '../../support/require-component.ts';

const run = promisify(execFile);

const LONGEST_SECONDS = 20;
const SEED = Number(process.env['TRANSSHIP_FUZZ_SEED'] ?? 20_261_121);

/** Good requests to each operation, however long they take. */
const GOOD = ['--mode', 'positive', '--phases', 'fuzzing', '--max-examples', '10'];
/** Everything else, for as long as there is time. */
const WILD = ['--max-time', String(LONGEST_SECONDS)];

/** Statuses that a good request gets at least once, so that the fuzzer was not kept at the door. */
const REACHED = [
  'POST /v1/mirrors 202',
  'GET /v1/jobs 200',
  'GET /v1/jobs/{id} 200',
  'GET /v1/jobs/{id}/events 200',
  'POST /v1/jobs/{id}/cancel 409',
  'POST /v1/rules/{name}/sync 202',
  'GET /v1/events/{id} 200',
  'POST /v1/api-tokens 201',
  'DELETE /v1/api-tokens/{id} 204',
  'POST /hooks/{kind}/{receiver} 200',
];

it(
  `answers as its document says, whatever is asked (seed ${SEED})`,
  async () => {
    const schemathesis = requireComponent('schemathesis');
    const folder = await mkdtemp(path.join(tmpdir(), 'transship-fuzz-'));
    const server = await startFuzzServer();
    try {
      const fuzz = async (known: number, limits: string[]) => {
        const config = path.join(folder, 'schemathesis.toml');
        await writeFile(config, configOf(server, known));
        const always = ['--seed', String(SEED), '--request-timeout', '10'];
        const args = ['--no-color', '--config-file', config, 'run', `${server.url}/openapi.json`, ...limits, ...always];
        const complaints = await run(schemathesis, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).then(
          () => '',
          (error: Error & { stdout?: string }) => `${error.message}\n${error.stdout}`,
        );
        expect(complaints).toBe('');
      };
      await fuzz(1, GOOD);
      expect(Object.keys(server.statuses())).toEqual(expect.arrayContaining(REACHED));
      await fuzz(0.7, WILD);
      expect(server.faults()).toEqual([]);
      expect(Object.keys(server.statuses()).filter((name) => /5\d\d$/.test(name))).toEqual([]);
    } finally {
      await server.stop();
      await rm(folder, { recursive: true });
    }
  },
  (LONGEST_SECONDS + 150) * 1000,
);

/**
 * What is there, asked for with the probability `known` (0 to 1), so that not everything is a 404; texts that are right only to a reader
 * may be refused with 422.
 */
function configOf({ token, ids }: FuzzServer, known: number): string {
  const parameter = (name: string, dictionary: string) =>
    `"${name}" = { dictionary = "${dictionary}", probability = ${known.toFixed(1)} }`;
  return `
headers = { Authorization = "Bearer ${token}" }

[dictionaries]
jobs = { values = ["${ids.job}", "${ids.dead}"] }
events = { values = ["${ids.event}"] }
rules = { values = ["${ids.rule}"] }
tokens = { values = ["${ids.token}"] }
kinds = { values = ["distribution"] }
receivers = { values = ["src"] }
sources = { values = ["src.example.com/team/app:1", "src.example.com/team/web:2"] }

[parameters]
${parameter('path.kind', 'kinds')}
${parameter('path.receiver', 'receivers')}
${parameter('path.name', 'rules')}
${parameter('body.source', 'sources')}
${parameter('body.rule', 'rules')}

[[operations]]
include-path-regex = "^/v1/jobs/"
parameters = { ${parameter('path.id', 'jobs')} }

[[operations]]
include-path-regex = "^/v1/events/"
parameters = { ${parameter('path.id', 'events')} }

[[operations]]
include-path-regex = "^/v1/api-tokens/"
parameters = { ${parameter('path.id', 'tokens')} }

[[operations]]
include-path-regex = "^/hooks/"
headers = { Authorization = "${HOOK_SECRET}" }

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422"]
`;
}
