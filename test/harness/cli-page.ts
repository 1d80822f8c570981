/** docs/cli.md: every command with its arguments and options, from the tree that the command line itself is. */
import type { Command, Option } from 'commander';
import { createProgram } from '../../src/commands/program.ts';

export async function cliPage(): Promise<string> {
  const program = await createProgram();
  const sections = program.commands.map((command) => sectionOf(command, 'polygate'));
  return `# Commands

<!-- Written by \`npm run check -- --write\` from src/commands. Change it there. -->

\`npx polygate <command>\`, in the folder where Polygate is installed or checked out. Settings come from the environment and \`polygate.json\`
([Configuration](configuration.md)). Every command also knows

| option | |
|---|---|
${shared(program).map(rowOf).join('\n')}

Commands for operators work on the database of \`DATABASE_URL\`; without one on that of the sandbox which runs on \`DATA_DIRECTORY\`, or which they
start for their duration. In production give them the settings of the gateway and \`--mode live\`. They may run beside running nodes. With \`--json\` what they print is for programs; progress goes to the
error stream. The exit code is 0 when all went well, else 1.

${sections.join('\n')}`;
}

const sharedNames = ['--mode', '--config', '--version'];

function shared(program: Command): readonly Option[] {
  const start = program.commands.find((command) => command.name() === 'start');
  return (start?.options ?? []).filter((option) => sharedNames.includes(option.long ?? ''));
}

/** A command, or a noun with its verbs. */
function sectionOf(command: Command, before: string): string {
  const name = `${before} ${command.name()}`;
  if (command.commands.length === 0) return `## \`${name}\`\n\n${describe(command, name)}`;
  const verbs = flatten(command, name).map(([verb, path]) => `### \`${path}\`\n\n${describe(verb, path)}`);
  return `## \`${name}\`\n\n${sentence(command.description())}\n\n${verbs.join('\n')}`;
}

function flatten(command: Command, path: string): readonly (readonly [Command, string])[] {
  return command.commands.flatMap((child) => {
    const name = `${path} ${child.name()}`;
    return child.commands.length === 0 ? [[child, name] as const] : flatten(child, name);
  });
}

function describe(command: Command, path: string): string {
  const given = command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`));
  const usage = [path, ...given, '[options]'].join(' ');
  const words = command.registeredArguments.map((argument) => `| \`${argument.name()}\` | ${cell(argument.description)} |`);
  const options = command.options.filter((option) => !sharedNames.includes(option.long ?? '')).map(rowOf);
  const rows = [...words, ...options];
  const table = rows.length === 0 ? '' : `\n| | |\n|---|---|\n${rows.join('\n')}\n`;
  return `${sentence(command.description())}${given.length > 0 ? ` \`${usage}\`` : ''}\n${table}`;
}

function rowOf(option: Option): string {
  const choices = option.argChoices === undefined ? '' : `; one of ${option.argChoices.join(', ')}`;
  const value = option.defaultValue;
  const byDefault = value === undefined || typeof value === 'object' || typeof value === 'boolean' ? '' : `; default \`${String(value)}\``;
  return `| \`${option.flags}\`${option.mandatory ? ' (required)' : ''} | ${cell(option.description)}${choices}${byDefault} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** Commands and options that a text names between backticks, as in `polygate keys rotate --data`, and that do not exist. */
export async function unknownCommands(text: string): Promise<readonly string[]> {
  const program = await createProgram();
  return [...text.matchAll(/`(?:npx )?polygate ([a-z][^`]*)`/g)].flatMap(([whole, words = '']) => {
    const problem = problemOf(program, words.replaceAll('\n', ' ').split(' '));
    return problem === undefined ? [] : [`${whole}: ${problem}`];
  });
}

function problemOf(program: Command, words: readonly string[]): string | undefined {
  let command = program;
  let rest = words;
  while (command.commands.length > 0 && rest.length > 0) {
    const next = command.commands.find((child) => child.name() === rest[0]);
    if (next === undefined) return `there is no command ${rest[0]}`;
    command = next;
    rest = rest.slice(1);
  }
  const known = command.options.flatMap(({ long, short }) => [long, short]);
  const option = rest.find((word) => /^--?[a-z]/.test(word) && !known.includes(word.split('=')[0]) && word !== '--help');
  return option === undefined ? undefined : `there is no option ${option}`;
}
