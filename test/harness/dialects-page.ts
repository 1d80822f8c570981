/** Writes docs/dialects.md from the contract suite: which story is told in which dialect, and what a dialect lacks for the others. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dialects } from '../../src/dialects/registry.ts';
import type { Driver } from '../contract/driver.ts';
import { drivers } from '../contract/drivers.ts';
import { type ListedStory, listStories } from '../contract/stories.ts';

const path = join(import.meta.dirname, '..', '..', 'docs', 'dialects.md');

/** The files of the suite, in the order of the page. */
const files = [
  { title: 'Payments', load: () => import('../contract/payments.test.ts') },
  { title: 'Expiry of cards', load: () => import('../contract/expiry.test.ts') },
  { title: 'Limits', load: () => import('../contract/limits.test.ts') },
  { title: 'Shoppers', load: () => import('../contract/shoppers.test.ts') },
  { title: 'Repeated requests', load: () => import('../contract/idempotency.test.ts') },
  { title: 'Answers that do not come', load: () => import('../contract/unknown.test.ts') },
  { title: 'Webhooks', load: () => import('../contract/webhooks.test.ts') },
  { title: 'Access and card data', load: () => import('../contract/access.test.ts') },
];

/** True when the page is what the suite says; with `write` it is made so. */
export async function dialectsPageIsFresh({ write }: { readonly write: boolean }): Promise<boolean> {
  const wanted = await dialectsPage();
  if (write) await writeFile(path, wanted);
  return (await readFile(path, 'utf8').catch(() => '')) === wanted;
}

async function dialectsPage(): Promise<string> {
  const sections: string[] = [];
  for (const { title, load } of files) {
    const told = await listStories(load);
    if (told.length === 0) throw new Error(`the file of “${title}” tells no story`);
    sections.push(`## ${title}\n\n${head}\n${told.map(rowOf).join('\n')}\n`);
  }
  return `# What holds in which dialect

<!-- Written by \`npm run check -- --write\` from the contract suite in test/contract. Change it there. -->

Every dialect is a way into the same engine, and the same stories are told to all of them by the contract suite, over HTTP, against the
sandbox: \`npm test\` runs each story in each dialect whose column says *yes*. Where a dialect has no means for what a story is about, the story
is left out there, and the column says what is lacking.

${drivers.map(lackOf).join('\n')}

${sections.join('\n')}`;
}

const titles = new Map(
  await Promise.all(dialects.map(async ({ name, loadApi }) => [name, (await loadApi()).describe('sandbox').title] as const)),
);
const titleOf = ({ dialect }: Driver): string => titles.get(dialect) ?? dialect;

const head = `| story | ${drivers.map(titleOf).join(' | ')} |\n|---|${drivers.map(() => '---|').join('')}`;

function rowOf({ name, needs }: ListedStory): string {
  const cells = drivers.map(({ lacks }) => {
    const missing = needs.filter((capability) => lacks.includes(capability));
    return missing.length === 0 ? 'yes' : `no: ${missing.join(', ')}`;
  });
  return `| ${name.replaceAll('|', '\\|')} | ${cells.join(' | ')} |`;
}

function lackOf(driver: Driver): string {
  return `- ${titleOf(driver)} lacks ${driver.lacks.length === 0 ? 'nothing that a story needs' : driver.lacks.join(', ')}.`;
}
