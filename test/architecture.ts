/** Reads the import lines of the source tree and says which of them break the layout's rules. Used by architecture.test.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';

/** Path from the repository's root, with forward slashes, and content. */
export type SourceFile = { readonly path: string; readonly text: string };

/**
 * What a role is called here: its top folder of src (`core`, `dialects/opp`, …), `dialects` and `acquirers` for what lies beside the single
 * ones (dialect.ts, registry.ts), `config` for the settings, `root` for the entry files, `sandbox`, `demo-shop`.
 */
type Rule = { readonly from: string; readonly may: readonly string[]; readonly alsoFiles?: readonly string[] };

const everything = ['*'];
const contract = 'src/dialects/dialect.ts';

/** Who may import whom. Every role may import its own folder; `dialects/*` stands for each dialect by itself. */
const rules: readonly Rule[] = [
  { from: 'core', may: [] },
  { from: 'protocols/*', may: [] },
  { from: 'dialects', may: ['core', 'dialects/*'] },
  {
    from: 'dialects/*',
    may: ['core'],
    alsoFiles: [
      contract,
      'src/dialects/browser.ts',
      'src/dialects/by-reason.ts',
      'src/dialects/demo.ts',
      'src/dialects/failure.ts',
      'src/dialects/refuse-the-rest.ts',
      'src/dialects/return-url.ts',
      'src/dialects/shown-name.ts',
    ],
  },
  { from: 'acquirers', may: ['core', 'protocols/*', 'acquirers/*'] },
  { from: 'acquirers/*', may: ['core', 'protocols/*'], alsoFiles: ['src/acquirers/acquirer.ts'] },
  { from: 'three-ds-server', may: ['core', 'protocols/*'] },
  { from: 'postgres', may: [] },
  { from: 'store', may: ['core', 'postgres', 'config'] },
  { from: 'vault', may: ['core', 'postgres', 'config'] },
  { from: 'http', may: ['core', 'config', 'observability'], alsoFiles: [contract] },
  { from: 'observability', may: ['core'] },
  { from: 'mail', may: ['core', 'http'] },
  { from: 'workers', may: ['core', 'http', 'mail', 'observability', 'config'], alsoFiles: [contract] },
  { from: 'console-api', may: ['core', 'http', 'config'], alsoFiles: [contract, 'src/dialects/new-login.ts'] },
  { from: 'local', may: everything },
  { from: 'commands', may: everything },
  { from: 'gateway', may: everything },
  { from: 'root', may: everything },
  { from: 'config', may: [] },
  { from: 'sandbox', may: ['protocols/*'] },
  { from: 'demo-shop', may: [] },
];

const rootFiles = ['main.ts', 'gateway.ts', 'start.ts'];
const configFiles = [
  'config.ts',
  'config-folder.ts',
  'config-forms.ts',
  'config-limits.ts',
  'config-misspelt.ts',
  'config-refusals.ts',
  'config-setting.ts',
  'config-table.ts',
];
const rolesInParts = ['dialects', 'acquirers', 'protocols'];
const forbiddenFolders = ['utils', 'util', 'helpers', 'common', 'lib', 'types', 'misc', 'shared'];

/** Names that appear only in their own folder and in the registry. The acquirers' names (`iso8583`, `bank`) are words of the field as well. */
const dialectNames = ['opp', 'qorepay', 'payone', 'tzero', 'paymentz'];
const namesAllowedIn = /^src\/(dialects|acquirers)\/(registry\.ts|[a-z0-9-]+\/)/;

/** All TypeScript files under the given folders. */
export function readSources(root: string, folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) => {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    return names
      .filter((name) => /\.[cm]?tsx?$/.test(name) && !name.split(sep).includes('node_modules'))
      .map((name) => join(root, folder, name))
      .map((path) => ({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }));
  });
}

/** Every breach of the rules, a line each. */
export function findViolations(files: readonly SourceFile[]): readonly string[] {
  const paths = new Set(files.map((file) => file.path));
  const graph = new Map(files.map((file) => [file.path, importsOf(file)]));
  return [
    ...files.flatMap((file) => folderViolations(file.path)),
    ...files.flatMap((file) => nameViolations(file)),
    ...[...graph].flatMap(([from, targets]) => targets.flatMap((to) => importViolations({ from, to, known: paths.has(to) }))),
    ...findCycles(graph),
  ];
}

/** The role of a file, or undefined for one that has none. */
export function roleOf(path: string): string | undefined {
  const [top, folder, part, ...rest] = path.split('/');
  if (top === 'sandbox' || top === 'demo-shop') return top;
  if (top !== 'src' || folder === undefined) return undefined;
  if (part === undefined) return rootFiles.includes(folder) ? 'root' : configFiles.includes(folder) ? 'config' : undefined;
  if (!rolesInParts.includes(folder)) return folder;
  return rest.length === 0 ? folder : `${folder}/${part}`;
}

function importViolations({ from, to, known }: { readonly from: string; readonly to: string; readonly known: boolean }): readonly string[] {
  if (!known && /\.[cm]?tsx?$/.test(to)) return [`${from} imports ${to}, which does not exist among the files read`];
  const [fromRole, toRole] = [roleOf(from), roleOf(to)];
  if (fromRole === undefined) return [`${from} has no role: the layout knows no such place`];
  const rule = rules.find((row) => matches(row.from, fromRole));
  if (rule === undefined) return [`${from} is in ${fromRole}, for which there is no rule`];
  if (fromRole === toRole || rule.alsoFiles?.includes(to)) return [];
  if (toRole === undefined) return [`${from} imports ${to}, which is outside every role`];
  const insideSrc = toRole !== 'sandbox' && toRole !== 'demo-shop';
  const allowed = rule.may.some((role) => (role === '*' ? insideSrc : matches(role, toRole)));
  return allowed ? [] : [`${from} (${fromRole}) may not import ${to} (${toRole})`];
}

function matches(pattern: string, role: string): boolean {
  return pattern.endsWith('/*') ? role.startsWith(pattern.slice(0, -1)) : pattern === role;
}

function folderViolations(path: string): readonly string[] {
  const parts = path.split('/').map((part) => part.replace(/\.[cm]?tsx?$/, ''));
  return parts.filter((part) => forbiddenFolders.includes(part)).map((part) => `${path} uses the name ${part}, which says nothing`);
}

/** A dialect's name in another place, as a word of the code; comments may explain with an example. */
function nameViolations({ path, text }: SourceFile): readonly string[] {
  if (!path.startsWith('src/')) return [];
  const own = /^src\/dialects\/([^/]+)\//.exec(path)?.[1];
  if (namesAllowedIn.test(path) && own === undefined) return [];
  const code = stripComments(text);
  return dialectNames
    .filter((name) => name !== own && new RegExp(`(?<![a-z0-9])${name}(?![a-z0-9])`, 'i').test(code))
    .map((name) => `${path} knows the dialect ${name}`);
}

/** The files that a file imports by a relative path: static, type-only, re-exported, and dynamic with a literal. */
export function importsOf({ path, text }: SourceFile): readonly string[] {
  const code = stripComments(text);
  const patterns = [
    /(?:^|[;}\s])(?:import|export)\s(?:[^'"`;]*?\sfrom\s*|\s*)(['"])(?<specifier>[^'"\n]+)\1/g,
    /(?:^|[;}\s])import(['"])(?<specifier>[^'"\n]+)\1/g,
    /(?:^|[;}\s])(?:import|export)\s*(?:type\s*)?[{*][^'"`;]*?from\s*(['"])(?<specifier>[^'"\n]+)\1/g,
    /(?<![\w.$])(?:import|require)\s*\(\s*(['"`])(?<specifier>[^'"`\n]+)\1/g,
  ];
  const specifiers = patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match.groups?.specifier ?? ''));
  const relatives = specifiers.filter((specifier) => specifier.startsWith('.'));
  return [...new Set(relatives.map((specifier) => posix.normalize(posix.join(dirname(path), specifier))))];
}

/** A slash begins a regular expression only where a value may begin; elsewhere it divides. */
const regularExpression =
  /(?<=(?:^|[=(,:;!&|?{}[\n+*%<>~^-]|=>|\breturn|\bcase|\btypeof)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//;
const quoted = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/;
const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
const token = new RegExp([quoted, comment, regularExpression].map((part) => part.source).join('|'), 'g');

/** The text with comments blanked; quotes, templates and regular expressions are respected, so that a `//` inside one stays. */
export function stripComments(text: string): string {
  return text.replace(token, (found) => (found.startsWith('//') || found.startsWith('/*') ? ' ' : found));
}

/** Each import cycle once, named by the path around it. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const trail: string[] = [];
  const cycles: string[] = [];
  const visit = (path: string): void => {
    const position = trail.indexOf(path);
    if (position >= 0) cycles.push(`import cycle: ${[...trail.slice(position), path].join(' → ')}`);
    if (position >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return cycles;
}
