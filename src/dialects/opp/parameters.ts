/** Reads form bodies and query strings as flat parameters, and checks them against the protocol's tables. */
import { isUtf8 } from 'node:buffer';
import { parse } from 'node:querystring';
import { Compile } from 'typebox/compile';
import { type ParameterError, Problem, parameterError, parameterProblem } from './problem.ts';
import type { ParameterSchema, Parameters } from './wire.ts';

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

/**
 * A checker of parameters: throws one {@link Problem} that names all that is wrong. Names of families are looked at only where a request has
 * some: matching every name against every pattern was the largest single cost of a payment.
 */
export function checkerOf(schema: ParameterSchema): (parameters: Parameters) => void {
  const exact = Compile(schema.exact);
  const families = Compile(schema.families);
  const known = new Set(Object.keys(schema.exact.properties));
  return (parameters) => {
    if (exact.Check(parameters)) return;
    const names = Object.keys(parameters);
    const own = Object.fromEntries(names.filter((name) => known.has(name)).map((name) => [name, parameters[name]]));
    const rest = Object.fromEntries(names.filter((name) => !known.has(name)).map((name) => [name, parameters[name]]));
    const errors = [exact, families].flatMap((validator, index) => errorsOf(validator.Errors(index === 0 ? own : rest), parameters));
    if (errors.length > 0) throw new Problem('200.300.404', { parameterErrors: errors });
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
        found.set(name, parameterError(name, parameters[name], 'is not an allowed parameter'));
      }
    } else if (keyword === 'pattern' && 'pattern' in params) {
      const name = instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
      found.set(name, parameterError(name, parameters[name], `must match ${String(params.pattern)}`));
    }
  }
  return [...found.values()];
}
