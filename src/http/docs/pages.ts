/** The pages of `/docs` as HTML: no script and no style stands in them, so that the policy can forbid both. */
import type { ApiDescription } from '../../dialects/dialect.ts';
import { attributes, type Html, html } from '../pages/html.ts';

export interface DocumentedDialect {
  readonly name: string;
  /** Made when it is first asked for: nobody pays for a description that is not read. */
  readonly describe: () => ApiDescription;
}

/** The dialects, each with a link to its page. */
export function listPage(dialects: readonly DocumentedDialect[]): string {
  const items = dialects.map(({ name, describe }) => {
    const { title, summary } = describe();
    return html`<li><a href="/docs/${name}">${title}</a><p>${summary}</p><p><a href="/docs/${name}/openapi.json">OpenAPI document</a></p></li>`;
  });
  return page({
    title: 'Polygate: APIs',
    body: html`<main class="list"><h1>Polygate</h1><p>The protocols that this gateway speaks.</p><ul>${items}</ul></main>`,
  });
}

/** The page of one dialect: Swagger UI on its document, with the published credential filled in where there is one. */
export function dialectPage({ name, describe }: DocumentedDialect): string {
  const { title, credential } = describe();
  const filled = attributes({ 'data-scheme': credential?.scheme, 'data-credential': credential?.value });
  return page({
    title: `Polygate: ${title}`,
    head: html`<link rel="stylesheet" href="/docs/assets/swagger-ui.css"><script defer src="/docs/assets/swagger-ui-bundle.js"></script><script type="module" src="/docs/assets/page.js"></script>`,
    body: html`<nav><a href="/docs">All APIs</a></nav><div id="api" data-document="/docs/${name}/openapi.json"${filled}></div><noscript>This page needs JavaScript; the <a href="/docs/${name}/openapi.json">OpenAPI document</a> does not.</noscript>`,
  });
}

function page({ title, head, body }: { readonly title: string; readonly head?: Html; readonly body: Html }): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/docs/assets/icon.svg">
<link rel="stylesheet" href="/docs/assets/page.css">
${head}
</head>
<body>${body}</body>
</html>
`.toString();
}
