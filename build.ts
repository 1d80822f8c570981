/** `npm run build`: compiles the product into dist/ for publishing, with the files that are read at run time. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = import.meta.dirname;
const dist = join(root, 'dist');
const folders = ['src', 'sandbox', 'demo-shop'].filter((folder) => existsSync(join(root, folder)));

rmSync(dist, { recursive: true, force: true });
const compiler = spawnSync(
  process.execPath, // Types are what `npm run check` looks at.
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (compiler.status !== 0) process.exit(compiler.status ?? 1);

/** Everything beside the sources: SQL, pages, styles, pictures. */
const assets = folders.flatMap((folder) => globSync(`${folder}/**/*.*`, { cwd: root, exclude: ['**/*.ts', '**/*.md'] }));
for (const asset of assets) cpSync(join(root, asset), join(dist, asset), { recursive: true });

/** The documentation's page works without its package being installed; its licence goes with it. */
const swaggerFiles = ['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt', 'LICENSE', 'NOTICE'];
for (const file of swaggerFiles) {
  cpSync(join(root, 'node_modules/swagger-ui-dist', file), join(dist, 'src/http/docs/swagger-ui', file));
}

// The sources keep their folders, because the sandbox lies beside src; the launcher knows one entry.
writeFileSync(join(dist, 'main.js'), "import './src/main.js';\n");
process.stdout.write(`Wrote ${dist} with ${assets.length} files copied.\n`);
