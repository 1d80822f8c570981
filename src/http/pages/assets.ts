/**
 * The style sheets and scripts of the shopper's pages. Each address carries a digest of the file, so that browsers keep it for a year and still
 * get a new one at once.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { type Asset, sendAsset } from '../assets.ts';
import { accentSheet } from './colors.ts';

const types = {
  'page.css': 'text/css; charset=utf-8',
  'steps.js': 'text/javascript; charset=utf-8',
  'payment.js': 'text/javascript; charset=utf-8',
  'frame.js': 'text/javascript; charset=utf-8',
} as const;

export type PageFile = keyof typeof types;

const files = new Map(Object.entries(types).map(([name, type]) => [name, readFile(name, type)]));

const headers = {
  'cache-control': 'public, max-age=31536000, immutable',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/** Path of a file on this gateway. */
export function fileAddress(name: PageFile): string {
  return `/pages/${files.get(name)?.digest}/${name}`;
}

/** Path of the style sheet with the shades of a color, `#rrggbb`. */
export function accentAddress(accent: string): string {
  return `/pages/accent/${accent.slice(1)}.css`;
}

/** Serves what {@link fileAddress} and {@link accentAddress} name. */
export function addPageFiles(app: FastifyInstance): void {
  app.get<{ Params: { digest: string; name: string } }>('/pages/:digest/:name', (request, reply) => {
    const { digest, name } = request.params;
    const asset = files.get(name);
    // An old page may still ask for an old file: it gets the present one, but not for a year.
    if (asset === undefined) return reply.callNotFound();
    return sendAsset(reply, asset, {
      asked: request.headers,
      headers: digest === asset.digest ? headers : { ...headers, 'cache-control': 'no-cache' },
    });
  });
  app.get<{ Params: { file: string } }>('/pages/accent/:file', (request, reply) => {
    const [, hex] = /^([0-9a-f]{6})\.css$/.exec(request.params.file) ?? [];
    if (hex === undefined) return reply.callNotFound();
    return reply
      .headers(headers)
      .type(types['page.css'])
      .send(accentSheet(`#${hex}`));
  });
}

function readFile(name: string, type: string): Asset {
  const plain = readFileSync(join(import.meta.dirname, 'assets', name));
  return { type, digest: createHash('sha256').update(plain).digest('base64url').slice(0, 22), plain, gzipped: gzipSync(plain) };
}
