/** Links of Markdown files: to files of the repository, and to headings in them. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Links and pictures that lead nowhere, a line each. Addresses with a scheme are not asked. */
export function brokenLinks(root: string, pages: readonly string[]): readonly string[] {
  return pages.flatMap((page) => {
    const text = withoutCode(readFileSync(join(root, page), 'utf8'));
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(([, link, source]) => link ?? source ?? '');
    return targets.flatMap((target) => (/^[a-z]+:/.test(target) ? [] : problemOf({ root, page, target })));
  });
}

function problemOf({ root, page, target }: { readonly root: string; readonly page: string; readonly target: string }): readonly string[] {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? join(root, page) : join(root, dirname(page), file);
  if (relative(root, path).startsWith('..') || !existsSync(path)) return [`${page}: there is no ${target}`];
  if (anchor === undefined || statSync(path).isDirectory()) return [];
  return anchorsOf(readFileSync(path, 'utf8')).includes(anchor) ? [] : [`${page}: ${file === '' ? page : file} has no heading #${anchor}`];
}

/** As the usual renderers make them: lower case, without punctuation, hyphens for spaces. */
function anchorsOf(text: string): readonly string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()<>"]/g, ''));
}
