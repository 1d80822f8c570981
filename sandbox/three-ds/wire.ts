/** Messages as the simulators write them: what they build must be right, else the simulator has a defect. */

import { type Built, build } from '../../src/protocols/emv-3ds/build.ts';
import { type ErrorComponent, erroOf, type MessageProblem } from '../../src/protocols/emv-3ds/problem.ts';

/** The text of a message. Throws for one that the library would not send. */
export function written(built: Built): string {
  if (built.ok) return built.text;
  throw new Error(
    `the simulator made a message that breaks the rules: ${built.findings.map(({ path, says }) => `${path} ${says}`).join('; ')}`,
  );
}

/** The Erro about a problem. */
export function erro(problem: MessageProblem, component: ErrorComponent): string {
  return written(build(erroOf(problem, component)));
}
