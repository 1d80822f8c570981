/**
 * docs/conformance.md against the tests that ran: each requirement of the platforms' guides names the tests that show it, as
 * `file.test.ts`: name; a name in which no test passed is a failure. What is not shown yet says `open`.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Requirement {
  readonly id: string;
  /** `file.test.ts: name of the test`. */
  readonly tests: readonly string[];
}

/** Reads the tables. Throws on a row that names no test and is not open. */
export function readRequirements(text: string): readonly Requirement[] {
  return text.split('\n').flatMap((line) => {
    const [, id, shown] = /^\| ([a-z]+ \d+) \| .+ \| (.+) \|$/.exec(line) ?? [];
    if (id === undefined || shown === undefined) return [];
    const tests = [...shown.matchAll(/`([\w.-]+\.test\.ts): ([^`]+)`/g)].map(([, file, name]) => `${file}: ${name}`);
    if (tests.length === 0 && shown !== 'open')
      throw new Error(`${id} in docs/conformance.md names no test; write \`file.test.ts: name\`, or open`);
    return [{ id, tests }];
  });
}

/** Under which name a test that passed may be named. */
export function nameOf(file: string, name: string): string {
  return `${basename(file)}: ${name.replaceAll('`', '')}`;
}

/** What is claimed and was not seen to pass, as messages. */
export function unproven(requirements: readonly Requirement[], passed: ReadonlySet<string>): readonly string[] {
  return requirements.flatMap(({ id, tests }) =>
    tests.filter((test) => !passed.has(test)).map((test) => `${id} in docs/conformance.md: no test "${test}" has passed`),
  );
}

export function readConformance(root: string): readonly Requirement[] {
  return readRequirements(readFileSync(join(root, 'docs', 'conformance.md'), 'utf8'));
}
