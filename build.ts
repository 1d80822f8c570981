/** `npm run build`: compiles the product into dist/ for publishing, with the files that are read at run time. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = import.meta.dirname;
const dist = join(root, 'dist');
const folders = ['src', 'sandbox', 'demo-shop'].filter((folder) => existsSync(join(root, folder)));

rmSync(dist, { recursive: true, force: true });
const compiler = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (compiler.status !== 0) process.exit(compiler.status ?? 1);

/** Everything beside the sources: SQL, pages, styles, pictures. */
const assets = folders.flatMap((folder) => globSync(`${folder}/**/*.*`, { cwd: root, exclude: ['**/*.ts', '**/*.md'] }));
for (const asset of assets) cpSync(join(root, asset), join(dist, asset), { recursive: true });

// The sources keep their folders, because the sandbox lies beside src; the launcher knows one entry.
writeFileSync(join(dist, 'main.js'), "import './src/main.js';\n");
process.stdout.write(`Wrote ${dist} with ${assets.length} files copied.\n`);
