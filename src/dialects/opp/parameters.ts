/** Reads form bodies and query strings as flat parameters, and checks them against the protocol's tables. */
import { isUtf8 } from 'node:buffer';
import { Compile, type Validator } from 'typebox/compile';
import { meaningErrors } from './meaning.ts';
import { type ParameterError, Problem, parameterError, parameterProblem, shownName } from './problem.ts';
import type { ResultCode } from './result-codes.ts';
import type { ParameterSchema, Parameters } from './wire.ts';

const parametersAtMost = 1_000;

/** A form body: UTF-8, percent-encoded, `+` for a space. Empty values are left out, since they mean absent. */
export function parseBody(body: Buffer): Parameters {
  if (!isUtf8(body)) throw new Problem('200.100.103', { text: 'the body is not UTF-8' });
  return parseParameters(body.toString('utf8'));
}

/** Strict where libraries guess: what cannot be decoded is refused, since a guess would change a name or an amount on its way. */
export function parseParameters(encoded: string): Parameters {
  const parameters: Record<string, string> = Object.create(null);
  // A plus that is meant as one is `%2B`, so all others can go at once.
  const pieces = encoded.replaceAll('+', ' ').split('&', parametersAtMost + 1);
  if (pieces.length > parametersAtMost) throw new Problem('200.100.103', { text: `more than ${parametersAtMost} parameters` });
  const empty = new Set<string>();
  for (const piece of pieces) {
    if (piece === '') continue;
    const [name, value] = parsePiece(piece);
    if (name in parameters || empty.has(name)) throw parameterProblem(name, undefined, 'was already set and cannot be overwritten');
    if (value.includes('\0') || name.includes('\0'))
      throw parameterProblem(name.replaceAll('\0', ''), undefined, 'must not contain a NUL character');
    if (value === '') empty.add(name);
    else parameters[name] = value;
  }
  return parameters;
}

function parsePiece(piece: string): readonly [name: string, value: string] {
  const at = piece.indexOf('=');
  const encodedName = at < 0 ? piece : piece.slice(0, at);
  const name = decode(encodedName);
  const value = at < 0 ? '' : decode(piece.slice(at + 1));
  if (name === undefined || value === undefined) {
    const text = `the value or the name of ${shownName(name ?? encodedName)} is not percent-encoded UTF-8`;
    throw new Problem('200.100.103', { text });
  }
  return [name, value];
}

/** Undefined when it is malformed, or not UTF-8 once decoded. */
function decode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * A checker of parameters: throws one {@link Problem} that names all that is wrong. Names of families are looked at only where a request has
 * some: matching every name against every pattern was the largest single cost of a payment.
 */
export function checkerOf(schema: ParameterSchema): (parameters: Parameters) => void {
  // Compiled when the first request comes: the start does not wait for endpoints that nobody uses.
  let compiled: { readonly exact: Validator; readonly families: Validator } | undefined;
  const rightCase = new Map(Object.keys(schema.exact.properties).map((name) => [name.toLowerCase(), name]));
  /** All parameters are optional and none depends on another, so each can be looked at alone; the validator itself stops at eight errors. */
  const errorOf = (name: string, value: string, { exact, families }: NonNullable<typeof compiled>): readonly ParameterError[] => {
    const validator = rightCase.get(name.toLowerCase()) === name ? exact : families;
    const parameter = { [name]: value };
    if (validator.Check(parameter)) return [];
    const pattern = patternIn(validator.Errors(parameter));
    const message =
      pattern === undefined ? `is not an allowed parameter${hint(rightCase.get(name.toLowerCase()))}` : `must match ${pattern}`;
    return [parameterError(name, value, message)];
  };
  return (parameters) => {
    compiled ??= { exact: Compile(schema.exact), families: Compile(schema.families) };
    const validators = compiled;
    const codedErrors = meaningErrors(parameters);
    if (validators.exact.Check(parameters) && codedErrors.length === 0) return;
    const parameterErrors = Object.entries<string | undefined>(parameters)
      .filter(([name]) => codedErrors.every((error) => error.name !== name))
      .flatMap(([name, value = '']) => errorOf(name, value, validators));
    const codes = [...codedErrors.map(({ code }) => code), ...parameterErrors.map(({ name }) => codeOf(schema, name))];
    const [code] = codes;
    if (code === undefined && codes.length === 0) return;
    // Where every fault has a code of its own, the first one's is the answer's; else the general code, with all faults.
    throw new Problem(codes.every((each) => each !== undefined) && code !== undefined ? code : '200.300.404', {
      parameterErrors: [...codedErrors.map(({ error }) => error), ...parameterErrors],
    });
  };
}

/** The result code that a violation of a parameter's format has, where it has one. */
function codeOf({ exact, patterns }: ParameterSchema, name: string): ResultCode | undefined {
  const properties: Readonly<Record<string, object>> = exact.properties;
  const [, family] = Object.entries<object>(patterns).find(([source]) => new RegExp(source).test(name)) ?? [];
  const format = Object.hasOwn(properties, name) ? properties[name] : family;
  return format !== undefined && 'x-result-code' in format ? (format['x-result-code'] as ResultCode) : undefined;
}

/** Names are case-sensitive, and the wrong case is what integrators meet first. */
function hint(meant: string | undefined): string {
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
}

interface ValidationError {
  readonly keyword: string;
  readonly params: object;
}

/** The format that a value misses; undefined when it is the name that is wrong. */
function patternIn(errors: Iterable<ValidationError>): string | undefined {
  for (const { keyword, params } of errors) if (keyword === 'pattern' && 'pattern' in params) return String(params.pattern);
  return undefined;
}
