// The reference of the API as a page of our own: made on the server from the OpenAPI document, readable without JavaScript, in light
// and dark. Scalar would have been a hundred times as large.
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import * as z from 'zod';
import type { ApiDocument } from './document.ts';
import { REFERENCE_STYLE } from './reference-style.ts';
import { addRoute, PLAIN, type Api } from './route.ts';
import { operationsOf, schemasOf, type Operation, type ShownSchema } from './reference-content.ts';

type Html = ReturnType<typeof html>;

const STYLE_HASH = createHash('sha256').update(REFERENCE_STYLE).digest('base64');
// nothing but this one style sheet
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function addReferencePage(api: Api, documentOf: () => ApiDocument): void {
  let page: Promise<string> | undefined;
  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/docs',
      access: 'public',
      tag: 'documentation',
      summary: 'The reference of this API, for people',
      answers: { 200: { description: 'A page', schema: z.string(), type: 'text/html' } },
    },
    async () =>
      new Response(await (page ??= textOf(documentOf())), {
        headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
      }),
  );
}

async function textOf(document: ApiDocument): Promise<string> {
  return String(await pageOf(document));
}

function pageOf(document: ApiDocument): Html {
  const groups = Map.groupBy(operationsOf(document), ({ tag }) => tag);
  const schemas = schemasOf(document);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>Transship API</title>
        ${raw(`<style>${REFERENCE_STYLE}</style>`)}
      </head>
      <body>
        <nav aria-label="Contents">
          <strong>Transship ${document.info.version}</strong>
          ${[...groups].map(([tag, operations]) => contentsOf(tag, operations))}
          <h2>data</h2>
          <ul>
            ${schemas.map(({ name }) => html`<li><a href="#${name}">${name}</a></li>`)}
          </ul>
        </nav>
        <main>
          <h1>Transship API</h1>
          <p>${prose(document.info.description ?? '')}</p>
          <p>For programs: <a href="/openapi.json">openapi.json</a></p>
          ${[...groups].map(
            ([tag, operations]) =>
              html`<h2>${tag}</h2>
                ${operations.map(operationOf)}`,
          )}
          <h2>data</h2>
          ${schemas.map(schemaOf)}
        </main>
      </body>
    </html>`;
}

function contentsOf(tag: string, operations: readonly Operation[]): Html {
  return html`<h2>${tag}</h2>
    <ul>
      ${operations.map(
        ({ id, method, path }) =>
          html`<li>
            <a href="#${id}"><b>${method}</b> ${path}</a>
          </li>`,
      )}
    </ul>`;
}

function operationOf(operation: Operation): Html {
  const { id, method, path, summary, description, access, parameters, body, answers } = operation;
  return html`<section id="${id}">
    <h3><b>${method}</b> <code>${path}</code></h3>
    <p>${prose(`${summary}. ${description}`)}</p>
    <p>${access === undefined ? 'No token needed.' : html`Scope <code>${access}</code>`}</p>
    ${parameters.length === 0 ? '' : tableOf('Parameters', parameters)}
    ${
      body === undefined
        ? ''
        : html`<h4>Body</h4>
            <pre tabindex="0">${body}</pre>`
    }
    ${tableOf('Answers', answers)}
  </section>`;
}

function tableOf(title: string, rows: readonly (readonly [string, string, string])[]): Html {
  return html`<table>
    <caption>
      ${title}
    </caption>
    ${rows.map(
      ([name, type, text]) =>
        html`<tr>
          <th scope="row">${name}</th>
          <td>${prose(type)}</td>
          <td>${prose(text)}</td>
        </tr>`,
    )}
  </table>`;
}

/** What stands between backticks is code. */
function prose(text: string): Html[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function schemaOf({ name, text }: ShownSchema): Html {
  return html`<section id="${name}">
    <h3>${name}</h3>
    <pre tabindex="0">${text}</pre>
  </section>`;
}
