/** Reads form bodies and query strings as flat parameters, and checks them against the protocol's tables. */
import { isUtf8 } from 'node:buffer';
import { parse } from 'node:querystring';
import type { TObject } from 'typebox';
import { Compile } from 'typebox/compile';
import { type ParameterError, Problem, parameterProblem, shown } from './problem.ts';
import type { Parameters } from './wire.ts';

const parametersAtMost = 1_000;

/** A form body: UTF-8, percent-encoded, `+` for a space. Empty values are left out, since they mean absent. */
export function parseBody(body: Buffer): Parameters {
  if (!isUtf8(body)) throw new Problem('200.100.103', { text: 'the body is not UTF-8' });
  return parseParameters(body.toString('utf8'));
}

export function parseParameters(encoded: string): Parameters {
  const raw = parse(encoded, '&', '=', { maxKeys: parametersAtMost + 1 });
  const names = Object.keys(raw);
  if (names.length > parametersAtMost) throw new Problem('200.100.103', { text: `more than ${parametersAtMost} parameters` });
  const parameters: Record<string, string> = Object.create(null);
  for (const name of names) {
    const value = raw[name];
    if (Array.isArray(value)) throw parameterProblem(name, undefined, 'was already set and cannot be overwritten');
    if (value === undefined || value === '') continue;
    if (value.includes('\0') || name.includes('\0'))
      throw parameterProblem(name.replaceAll('\0', ''), undefined, 'must not contain a NUL character');
    parameters[name] = value;
  }
  return parameters;
}

/** A checker of parameters: throws one {@link Problem} that names all that is wrong. */
export function checkerOf(schema: TObject): (parameters: Parameters) => void {
  const validator = Compile(schema);
  return (parameters) => {
    if (validator.Check(parameters)) return;
    throw new Problem('200.300.404', { parameterErrors: errorsOf(validator.Errors(parameters), parameters) });
  };
}

interface ValidationError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
}

function errorsOf(errors: Iterable<ValidationError>, parameters: Parameters): ParameterError[] {
  const found = new Map<string, ParameterError>();
  for (const { keyword, instancePath, params } of errors) {
    if (keyword === 'additionalProperties' && 'additionalProperties' in params) {
      for (const name of params.additionalProperties as string[]) {
        found.set(name, { name, value: shown(name, parameters[name]), message: 'is not an allowed parameter' });
      }
    } else if (keyword === 'pattern' && 'pattern' in params) {
      const name = instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
      found.set(name, { name, value: shown(name, parameters[name]), message: `must match ${String(params.pattern)}` });
    }
  }
  return [...found.values()];
}
