/** What the start of the sandbox prints for those who want to pay at once: credentials and a command per dialect. */
import type { Config } from '../config.ts';
import { settings } from '../config-table.ts';
import type { SandboxUrls } from '../dialects/demo.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects } from '../dialects/registry.ts';

type Ports = Pick<Config, 'port' | 'sandboxHttpPort' | 'sandboxShopPort'>;

/** Base URL, credentials and a command that makes a payment, for each dialect. `ports`: as everything listens now. */
export function samplesText(urls: SandboxUrls, ports: Ports): string {
  return dialects.map((dialect) => sampleText(dialect, urls, movedPorts(ports))).join('');
}

/** What a command in another terminal has to be told, where something does not listen at its usual port. */
function movedPorts(ports: Ports): string {
  const rows = (['port', 'sandboxHttpPort', 'sandboxShopPort'] as const).map((key) => ({ ...settings[key], port: ports[key] }));
  return rows.map(({ name, defaults, port }) => (port === defaults.sandbox ? '' : `${name}=${port} `)).join('');
}

function sampleText({ name, sandbox }: Dialect, urls: SandboxUrls, environment: string): string {
  if (sandbox === undefined) return '';
  const { credentials, curl } = sandbox.sample(urls);
  const { baseUrl } = urls;
  const rows = [{ name: 'base URL', value: baseUrl }, { name: 'documentation', value: `${baseUrl}/docs/${name}` }, ...credentials];
  const width = Math.max(...rows.map((row) => row.name.length)) + 2;
  const lines = [
    `── ${name} ──`,
    ...rows.map((row) => `${row.name.padEnd(width)}${row.value}`),
    `A payment (or: ${environment}npx polygate pay ${name}):`,
    '',
    curl,
  ];
  return `\n${lines.join('\n')}\n`;
}
