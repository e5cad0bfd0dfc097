// An answer of the API as API Gateway takes it from a function: text where it is text, anything else as base64.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

export type HttpAnswer = Required<
  Pick<APIGatewayProxyStructuredResultV2, 'headers' | 'isBase64Encoded' | 'statusCode'>
> &
  Pick<APIGatewayProxyStructuredResultV2, 'body' | 'cookies'>;

/** Whoever sends the answer on says these itself. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
]);

export async function writeAnswer(response: Response): Promise<HttpAnswer> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = textOf(bytes);
  const cookies = response.headers.getSetCookie();
  return {
    statusCode: response.status,
    headers: headersOf(response.headers),
    ...(cookies.length === 0 ? {} : { cookies }),
    ...(bytes.length === 0 ? {} : { body: text ?? bytes.toString('base64') }),
    isBase64Encoded: text === undefined,
  };
}

function headersOf(headers: Headers): Record<string, string> {
  const kept = [...headers].filter(([name]) => name !== 'set-cookie' && !OF_THE_CONNECTION.has(name));
  return Object.fromEntries(kept);
}

/** Undefined for bytes that are no text: they would be others when they have become text and bytes again. */
function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
