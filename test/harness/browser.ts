/** A browser for tests: the system's Chromium, else the one that comes as an npm package. */
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const installed = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * Pages of the gateway under test come from the loopback, so the browser needs no sandbox of its own, which root could not have. Nothing else of its
 * defaults is changed: the package proposes to do without the separation of sites, which is part of what is tested, and without processes of their own
 * for pages, which does not stand every page on every machine.
 */
const args: readonly string[] = ['--no-sandbox'];

export async function startBrowser(): Promise<Browser> {
  const found = installed.find((path) => existsSync(path));
  return found === undefined ? startPackaged() : launch(found);
}

function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...args] });
}

/** It unpacks itself into the folder for temporary files, for seconds: the files of a run share what the first of them has unpacked. */
async function startPackaged(): Promise<Browser> {
  try {
    const ofRun = process.env.POLYGATE_TEST_FOLDER;
    if (ofRun !== undefined) return await launch(await unpackOnce(ofRun));
    const folder = await mkdtemp(join(tmpdir(), 'polygate-browser-'));
    const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
    try {
      const browser = await launch(await unpack(folder));
      browser.on('disconnected', () => void remove());
      return browser;
    } catch (error) {
      await remove();
      throw error;
    }
  } catch (error) {
    throw new Error('No Chromium is installed, and the one of @sparticuz/chromium does not start here. Install Chromium or Chrome.', {
      cause: error,
    });
  }
}

/** Two files at once would find each other's half of it: it gets its name when it is whole, and who comes second takes that one. */
async function unpackOnce(ofRun: string): Promise<string> {
  const place = join(ofRun, 'browser');
  if (!existsSync(place)) {
    const folder = await mkdtemp(join(ofRun, 'unpacking-'));
    await unpack(folder);
    await rename(folder, place).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  }
  return unpack(place);
}

/** The path of the program; what is unpacked already stays as it is. */
async function unpack(folder: string): Promise<string> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const { default: packaged } = await import('@sparticuz/chromium');
    return await packaged.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}
