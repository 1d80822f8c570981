/** Writes docs/configuration.md from the table of settings, so that the page cannot say something else than the code. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settings } from '../../src/config-table.ts';

const path = join(import.meta.dirname, '..', '..', 'docs', 'configuration.md');

/** True when the page is what the table says; with `write` it is made so. */
export async function configurationPageIsFresh({ write }: { readonly write: boolean }): Promise<boolean> {
  const wanted = configurationPage();
  if (write) await writeFile(path, wanted);
  return (await readFile(path, 'utf8').catch(() => '')) === wanted;
}

function configurationPage(): string {
  const rows = Object.values(settings).map((row) => {
    const live = 'requiredLive' in row ? '*must be given*' : show(row.defaults.live);
    return `| \`${row.name}\` | ${show(row.defaults.sandbox)} | ${live} | ${row.meaning} | ${row.form.expected} |`;
  });
  return `# Configuration

<!-- Written by \`npm run check -- --write\` from the table in src/config-table.ts. Change it there. -->

Every setting has a name. Its value comes, in this order, from

1. the environment variable of that name (an empty one counts as absent),
2. the JSON file given with \`--config\`, or else \`polygate.json\` in the working directory,
3. the default.

The file is one object, as in \`{ "PORT": 9080, "LOG_LEVEL": "debug" }\`. A name in it that Polygate does not know, and a value anywhere that
does not have the expected form, stop the start with a list of all such faults. An environment has names of others as well: a variable that is
called almost like a setting is told on the error stream and counts for nothing. Relative paths are taken from the working directory.

\`polygate start\` runs the sandbox; \`polygate start --mode live\` talks to a real acquirer. Some defaults differ between the two.

| setting | default (sandbox) | default (live) | meaning | expected form |
|---|---|---|---|---|
${rows.join('\n')}

Live mode does not start without the settings marked above, nor when it would serve plain HTTP without \`TRUSTED_PROXY\`, nor with the key
file or the acquirer host of the sandbox. The sandbox does not start while \`NODE_ENV\` is \`production\`: its credentials are published.

From the environment alone: \`NODE_ENV\`, for the sentence above, and \`NODE_COMPILE_CACHE\`, the folder in which the launcher keeps what Node has
compiled of the program, so that the next start is quicker (by default beside the dependencies; where it cannot be written, nothing is kept). The
simulators have [some of their own](../sandbox/README.md), and the tests [theirs](../CONTRIBUTING.md#tests).
`;
}

function show(value: unknown): string {
  return value === undefined ? '' : `\`${String(value)}\``;
}
