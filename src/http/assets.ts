/** Files that pages need, as they are served: read once, compressed once, named by what is in them. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply } from 'fastify';

export interface Asset {
  readonly type: string;
  /** 22 characters of base64url: equal files have equal digests. */
  readonly digest: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

const compress = promisify(gzip);

/** Reads a file of a content type. */
export async function readAsset(path: string, type: string): Promise<Asset> {
  return makeAsset(await readFile(path), type);
}

export async function makeAsset(plain: Buffer, type: string): Promise<Asset> {
  return { type, digest: createHash('sha256').update(plain).digest('base64url').slice(0, 22), plain, gzipped: await compress(plain) };
}

interface AssetRequestHeaders {
  readonly 'if-none-match'?: string | undefined;
  readonly 'accept-encoding'?: string | string[] | undefined;
}

/** Compressed once for all; every browser of the last twenty years takes gzip, and the rest gets the plain bytes. */
export function sendAsset(
  reply: FastifyReply,
  { type, digest, plain, gzipped }: Asset,
  { asked, headers }: { readonly asked: AssetRequestHeaders; readonly headers: Readonly<Record<string, string>> },
): FastifyReply {
  const etag = `"${digest}"`;
  reply.headers({ ...headers, etag, vary: 'accept-encoding' });
  if (asked['if-none-match'] === etag) return reply.code(304).send();
  reply.type(type);
  return /\bgzip\b/.test(String(asked['accept-encoding'])) ? reply.header('content-encoding', 'gzip').send(gzipped) : reply.send(plain);
}
