/** What the start of the sandbox prints for those who want to pay at once: credentials and a command per dialect. */
import type { Dialect } from '../dialects/dialect.ts';
import { dialects } from '../dialects/registry.ts';

/** Base URL, credentials and a command that makes a payment, for each dialect. */
export function samplesText(baseUrl: string): string {
  return dialects.map((dialect) => sampleText(dialect, baseUrl)).join('');
}

function sampleText({ name, sandbox }: Dialect, baseUrl: string): string {
  if (sandbox === undefined) return '';
  const { credentials, curl } = sandbox.sample(baseUrl);
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
