/** Bodies as they come: JSON, forms of both kinds, or nothing at all, whatever their type says. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { generalProblem } from './problem.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Keeps bodies as bytes; the type is kept beside them. */
export function takeAnyBody(app: FastifyInstance): void {
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function bytesOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function textOf(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw generalProblem(400, 'parse_error', 'The body is not UTF-8.');
  }
}

/** Far deeper than any document of the protocol; whoever masks, keeps or shows one goes down into it, and has no endless stack. */
const deepest = 64;

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1));
}

/** JSON; nothing at all is an empty object. Throws 400 for what cannot be parsed, or is nested too deeply. */
export function readJson(request: FastifyRequest): unknown {
  const text = textOf(bytesOf(request));
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw generalProblem(400, 'parse_error', 'JSON parse error: the body is not JSON.');
  }
  if (!isWithin(value, deepest)) throw generalProblem(400, 'parse_error', `The body is nested deeper than ${deepest} levels.`);
  return value;
}

/** A JSON object; nothing at all is an empty one. Throws 400 for anything else. */
export function readObject(request: FastifyRequest): Fields {
  const json = readJson(request);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw generalProblem(400, 'invalid', 'Invalid data. Expected a JSON object.');
  }
  return json as Fields;
}

/** Fields of a JSON object or of a form of either kind. */
export async function readFields(request: FastifyRequest): Promise<Fields> {
  const type = request.headers['content-type'] ?? '';
  const bytes = bytesOf(request);
  if (/^multipart\/form-data/i.test(type)) return readMultipart(bytes, type);
  if (/^application\/x-www-form-urlencoded/i.test(type)) return Object.fromEntries(new URLSearchParams(textOf(bytes)));
  return readObject(request);
}

async function readMultipart(bytes: Buffer, type: string): Promise<Fields> {
  try {
    const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData();
    return Object.fromEntries([...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
  } catch {
    throw generalProblem(400, 'parse_error', 'The multipart form cannot be parsed.');
  }
}
