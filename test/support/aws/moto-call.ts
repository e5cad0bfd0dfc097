// Calls of a moto server that no installed SDK client is for: the query protocol of the older APIs, and JSON. moto reads from the signature
// only which service and region are meant, and checks nothing else.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html and https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html.

export type MotoPlace = { url: string; region: string };

/** The XML of the answer. @throws Error with what moto says */
export async function callMoto(
  place: MotoPlace,
  service: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return post(place, { service, headers, body: new URLSearchParams(parameters).toString() });
}

/** @param target `secretsmanager.CreateSecret`. @throws Error with what moto says */
export async function callMotoJson(place: MotoPlace, target: string, body: unknown): Promise<unknown> {
  const service = target.split('.')[0]?.toLowerCase() ?? '';
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  return JSON.parse(await post(place, { service, headers, body: JSON.stringify(body) }));
}

async function post(
  { url, region }: MotoPlace,
  { service, headers, body }: { service: string; headers: Record<string, string>; body: string },
): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const response = await fetch(url, { method: 'POST', headers: { ...headers, authorization }, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} at moto: ${response.status} ${text}`);
  return text;
}

/** The texts of all elements of that name. */
export function textsIn(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'));
  return [...found].map(([, text = '']) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  );
}
