// What runs inside an emulated execution environment, as AWS's own runtime for Node does: it loads the handler, asks the Runtime API for
// events one at a time and answers them. It is copied next to the bundle and needs nothing but Node.
// See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html and https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html.
import { request } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const { env } = process;
const api = `http://${env['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime`;
const current = { requestId: '' };

/**
 * @param {'GET' | 'POST'} method
 * @param {string} where
 * @param {string} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<{ headers: import('node:http').IncomingHttpHeaders, body: string }>}
 */
function ask(method, where, body, headers) {
  return new Promise((resolve, reject) => {
    const asked = request(`${api}${where}`, { method, headers: headers ?? {}, agent: false }, (answer) => {
      /** @type {Buffer[]} */
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(chunks).toString() }));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** @param {unknown} error */
function told(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: format(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

/**
 * @param {string} where
 * @param {unknown} error
 */
async function report(where, error) {
  const body = told(error);
  await ask('POST', where, JSON.stringify(body), {
    'Lambda-Runtime-Function-Error-Type': `Unhandled.${body.errorType}`,
  });
}

// a line of a log says when, in which request and how grave it is
for (const level of /** @type {const} */ (['debug', 'info', 'log', 'warn', 'error'])) {
  console[level] = (...values) => {
    const word = level === 'log' ? 'INFO' : level.toUpperCase();
    const line = `${new Date().toISOString()}\t${current.requestId}\t${word}\t${format(...values)}`;
    process.stdout.write(`${line.replaceAll('\n', '\r')}\n`);
  };
}

process.on('uncaughtException', (error) => void end(error));
process.on('unhandledRejection', (error) => {
  const body = told(error);
  void end(Object.assign(new Error(body.errorMessage), { name: 'Runtime.UnhandledPromiseRejection' }));
});

/** @param {Error} failure */
async function end(failure) {
  const id = current.requestId;
  await report(id === '' ? '/init/error' : `/invocation/${id}/error`, failure).catch(() => undefined);
  process.kill(process.pid, 'SIGKILL');
}

async function loadHandler() {
  const [file = '', name = ''] = (env['_HANDLER'] ?? '').split(/\.(?=[^./]+$)/);
  const loaded = await import(pathToFileURL(path.join(env['LAMBDA_TASK_ROOT'] ?? '', `${file}.mjs`)).href);
  const handler = loaded[name];
  if (typeof handler !== 'function') {
    throw Object.assign(new Error(`${file}.${name} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
  }
  // nodejs24.x has given them up: https://aws.amazon.com/blogs/compute/node-js-24-runtime-now-available-in-aws-lambda/
  if (handler.length > 2) {
    const message =
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24.';
    throw Object.assign(new Error(message), { name: 'Runtime.CallbackHandlerDeprecated' });
  }
  return handler;
}

/** @param {(event: unknown, context: object) => Promise<unknown>} handler */
async function serveOne(handler) {
  const next = await ask('GET', '/invocation/next');
  /** @param {string} name */
  const header = (name) => String(next.headers[`lambda-runtime-${name}`] ?? '');
  const requestId = header('aws-request-id');
  const deadline = Number(header('deadline-ms'));
  current.requestId = requestId;
  env['_X_AMZN_TRACE_ID'] = header('trace-id');
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: env['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: env['AWS_LAMBDA_LOG_STREAM_NAME'],
    invokedFunctionArn: header('invoked-function-arn'),
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const result = await handler(JSON.parse(next.body), context);
    await ask('POST', `/invocation/${requestId}/response`, JSON.stringify(result) ?? 'null', {
      'Content-Type': 'application/json',
    });
  } catch (error) {
    await report(`/invocation/${requestId}/error`, error);
  }
}

try {
  const handler = await loadHandler();
  for (;;) await serveOne(handler);
} catch (error) {
  await end(error instanceof Error ? error : new Error(String(error)));
}
