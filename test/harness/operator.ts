/** The operator's command line as a process, on the database and the key file of a stack. */
import { join } from 'node:path';
import { type StartedProcess, startProcess } from './processes.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

export interface Ran {
  readonly code: number | null;
  /** Both streams, line by line. */
  readonly output: string;
  /** The standard output alone, read as JSON. */
  readonly json: unknown;
}

export interface Operator {
  start(args: readonly string[], env?: NodeJS.ProcessEnv): StartedProcess;
  run(args: readonly string[], more?: { readonly input?: string; readonly env?: NodeJS.ProcessEnv }): Promise<Ran>;
  /** Runs a command that has to succeed, with `--json`, and returns what it printed. */
  json<T>(...args: readonly string[]): Promise<T>;
}

/** `env`: the settings of the stack. */
export function createOperator(settings: NodeJS.ProcessEnv): Operator {
  const { NODE_TEST_CONTEXT: _, NODE_ENV: _env, ...inherited } = process.env;
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): StartedProcess =>
    startProcess(process.execPath, [main, ...args], { env: { ...inherited, ...settings, ...env } });
  const run = async (args: readonly string[], { input, env }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {}) => {
    const started = start(args, env);
    let stdout = '';
    started.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    started.child.stdin?.end(input ?? '');
    const { code } = await started.ended;
    return { code, output: started.output(), json: parsed(stdout) };
  };
  return {
    start,
    run,
    async json<T>(...args: readonly string[]) {
      const { code, output, json } = await run([...args, '--json']);
      if (code !== 0) throw new Error(`polygate ${args.join(' ')} ended with ${code}: ${output}`);
      return json as T;
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
