/** A browser for tests: the system's Chromium, else the one that comes as an npm package. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { acquireLock } from '../../src/local/lock.ts';

const dependencies = join(import.meta.dirname, '..', '..', 'node_modules');

const installed = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Pages of the gateway under test come from the loopback, so the browser needs no sandbox of its own, which root could not have. */
export async function startBrowser(): Promise<Browser> {
  const found = installed.find((path) => existsSync(path));
  return found === undefined ? startPackaged() : chromium.launch({ executablePath: found, args: ['--no-sandbox'] });
}

/**
 * It unpacks itself into the folder for temporary files, which takes seconds of processor time and a quarter of a gigabyte: done once, beside the
 * dependencies, by the first test that needs it, and there whole or not at all.
 */
async function unpack(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dependencies, '@sparticuz', 'chromium', 'package.json'), 'utf8')) as {
    version: string;
  };
  const cache = join(dependencies, '.cache');
  const home = join(cache, `chromium-${version}`);
  const executable = join(home, 'chromium');
  if (existsSync(executable)) return executable;
  await mkdir(cache, { recursive: true });
  const lock = await acquireLock({ path: `${home}.lock`, waitMs: 120_000 });
  try {
    if (existsSync(executable)) return executable;
    const unfinished = await mkdtemp(`${home}-`);
    await unpackInto(unfinished);
    await rename(unfinished, home);
    return executable;
  } finally {
    lock?.release();
  }
}

async function unpackInto(folder: string): Promise<void> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const { default: packaged } = await import('@sparticuz/chromium');
    await packaged.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

async function startPackaged(): Promise<Browser> {
  try {
    const executablePath = await unpack();
    const { default: packaged } = await import('@sparticuz/chromium');
    return await chromium.launch({ executablePath, args: packaged.args });
  } catch (error) {
    throw new Error('No Chromium is installed, and the one of @sparticuz/chromium does not start here. Install Chromium or Chrome.', {
      cause: error,
    });
  }
}
