/** What the start of the sandbox prints for those who want to pay at once: credentials and a command per dialect. */
import type { SandboxUrls } from '../dialects/demo.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects } from '../dialects/registry.ts';

/** Base URL, credentials and a command that makes a payment, for each dialect. */
export function samplesText(urls: SandboxUrls): string {
  return dialects.map((dialect) => sampleText(dialect, urls)).join('');
}

function sampleText({ name, sandbox }: Dialect, urls: SandboxUrls): string {
  if (sandbox === undefined) return '';
  const { credentials, curl } = sandbox.sample(urls);
  const { baseUrl } = urls;
  const rows = [{ name: 'base URL', value: baseUrl }, { name: 'documentation', value: `${baseUrl}/docs/${name}` }, ...credentials];
  const width = Math.max(...rows.map((row) => row.name.length)) + 2;
  const lines = [
    `── ${name} ──`,
    ...rows.map((row) => `${row.name.padEnd(width)}${row.value}`),
    `A payment (or: npx polygate pay ${name}):`,
    '',
    curl,
  ];
  return `\n${lines.join('\n')}\n`;
}
