/** The pages of `/docs` as HTML: no script and no style stands in them, so that the policy can forbid both. */
import type { ApiDescription } from '../../dialects/dialect.ts';

export interface DocumentedDialect {
  readonly name: string;
  /** Made when it is first asked for: nobody pays for a description that is not read. */
  readonly describe: () => ApiDescription;
}

/** The dialects, each with a link to its page. */
export function listPage(dialects: readonly DocumentedDialect[]): string {
  const items = dialects.map(({ name, describe }) => {
    const { title, summary } = describe();
    return `<li><a href="/docs/${htmlOf(name)}">${htmlOf(title)}</a><p>${htmlOf(summary)}</p><p><a href="/docs/${htmlOf(name)}/openapi.json">OpenAPI document</a></p></li>`;
  });
  return page({
    title: 'Polygate: APIs',
    head: '',
    body: `<main class="list"><h1>Polygate</h1><p>The protocols that this gateway speaks.</p><ul>${items.join('')}</ul></main>`,
  });
}

/** The page of one dialect: Swagger UI on its document, with the published credential filled in where there is one. */
export function dialectPage({ name, describe }: DocumentedDialect): string {
  const { title, credential } = describe();
  const filled =
    credential === undefined ? '' : ` data-scheme="${htmlOf(credential.scheme)}" data-credential="${htmlOf(credential.value)}"`;
  return page({
    title: `Polygate: ${title}`,
    head: '<link rel="stylesheet" href="/docs/assets/swagger-ui.css"><script defer src="/docs/assets/swagger-ui-bundle.js"></script><script type="module" src="/docs/assets/page.js"></script>',
    body: `<nav><a href="/docs">All APIs</a></nav><div id="api" data-document="/docs/${htmlOf(name)}/openapi.json"${filled}></div><noscript>This page needs JavaScript; the <a href="/docs/${htmlOf(name)}/openapi.json">OpenAPI document</a> does not.</noscript>`,
  });
}

function page({ title, head, body }: { readonly title: string; readonly head: string; readonly body: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlOf(title)}</title>
<link rel="icon" href="/docs/assets/icon.svg">
<link rel="stylesheet" href="/docs/assets/page.css">
${head}
</head>
<body>${body}</body>
</html>
`;
}

function htmlOf(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
