/** The files that the pages of `/docs` need: our own script and style, and Swagger UI, which the build copies beside them. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Asset, readAsset } from '../assets.ts';

const own = join(import.meta.dirname, 'assets');

const files: readonly (readonly [name: string, folder: () => string, type: string])[] = [
  ['page.css', () => own, 'text/css; charset=utf-8'],
  ['page.js', () => own, 'text/javascript; charset=utf-8'],
  ['icon.svg', () => own, 'image/svg+xml'],
  ['swagger-ui.css', swaggerFolder, 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', swaggerFolder, 'text/javascript; charset=utf-8'],
];

/** In a published package the build has put it here; in a checkout it is where npm put it. */
function swaggerFolder(): string {
  const copied = join(import.meta.dirname, 'swagger-ui');
  return existsSync(copied) ? copied : dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
}

/** By name; each file is read when it is first asked for. */
export function readAssets(): { get(name: string): Promise<Asset> | undefined } {
  const read = new Map<string, Promise<Asset>>();
  return {
    get(name) {
      const known = read.get(name);
      if (known !== undefined) return known;
      const file = files.find(([fileName]) => fileName === name);
      if (file === undefined) return undefined;
      const [, folder, type] = file;
      const asset = readFromFolder(folder, name, type);
      read.set(name, asset);
      // What failed may be there the next time.
      asset.catch(() => read.delete(name));
      return asset;
    },
  };
}

async function readFromFolder(folder: () => string, name: string, type: string): Promise<Asset> {
  return readAsset(join(folder(), name), type);
}
