/** Reads form bodies and query strings as flat parameters, and checks them against the protocol's tables. */
import { isUtf8 } from 'node:buffer';
import { shownName } from '../shown-name.ts';
import { meaningErrors } from './meaning.ts';
import { type ParameterError, Problem, parameterError, parameterProblem } from './problem.ts';
import type { ResultCode } from './result-codes.ts';
import type { Format, ParameterFormats, Parameters } from './wire.ts';

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

interface Known {
  readonly format: Format;
  readonly matches: RegExp;
}

const knownOf = (format: Format): Known => ({ format, matches: new RegExp(format.pattern, 'u') });

/**
 * A checker of parameters: throws one {@link Problem} that names all that is wrong. Each is looked up by its name: a request has some fifteen of the
 * hundred that there are. Families of names are looked at only for what has no format of its own.
 */
export function checkerOf({ exact, families }: ParameterFormats): (parameters: Parameters) => void {
  const known = new Map(Object.entries(exact).map(([name, format]) => [name, knownOf(format)]));
  const patterns = Object.entries(families).map(([names, format]) => ({ names: new RegExp(names, 'u'), ...knownOf(format) }));
  const rightCase = new Map(Object.keys(exact).map((name) => [name.toLowerCase(), name]));
  const find = (name: string): Known | undefined => known.get(name) ?? patterns.find(({ names }) => names.test(name));

  return (parameters) => {
    const meaning = meaningErrors(parameters);
    const errors: ParameterError[] = [];
    const codes: (ResultCode | undefined)[] = meaning.map(({ code }) => code);
    for (const name in parameters) {
      const value = parameters[name];
      if (value === undefined) continue;
      const found = find(name);
      if (found?.matches.test(value) === true || meaning.some((error) => error.name === name)) continue;
      const message =
        found === undefined
          ? `is not an allowed parameter${hint(rightCase.get(name.toLowerCase()))}`
          : `must match ${found.format.pattern}`;
      errors.push(parameterError(name, value, message));
      codes.push(found?.format['x-result-code']);
    }
    if (codes.length === 0) return;
    const [code] = codes;
    // Where every fault has a code of its own, the first one's is the answer's; else the general code, with all faults.
    throw new Problem(code !== undefined && codes.every((each) => each !== undefined) ? code : '200.300.404', {
      parameterErrors: [...meaning.map(({ error }) => error), ...errors],
    });
  };
}

/** Names are case-sensitive, and the wrong case is what integrators meet first. */
function hint(meant: string | undefined): string {
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
}
