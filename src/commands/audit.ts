/** `polygate audit`: what operators did, oldest first. */
import type { Command } from 'commander';
import { readAudit } from '../store/audit.ts';
import { addCommand, type ListOptions, print, withStore } from './command-line.ts';

export function addAuditCommand(program: Command): void {
  addCommand(program, 'audit', 'show what operators did; `polygate verify` checks that nothing of it was changed')
    .option('--json', 'print a line of JSON for each act')
    .action((options: ListOptions) =>
      withStore(options, async (database) => {
        let lastHash = '';
        for await (const { sequence, happenedAt, actor, act, details, hash } of readAudit(database)) {
          if (options.json === true) print(JSON.stringify({ sequence, happenedAt, actor, act, details, hash }));
          else print(`${sequence}  ${happenedAt.toISOString()}  ${actor}  ${act}  ${JSON.stringify(details)}`);
          lastHash = hash;
        }
        if (options.json === true) return;
        print(
          lastHash === ''
            ? 'No operator has done anything yet.'
            : `The last hash is ${lastHash}: kept elsewhere, it shows whether the end was cut off.`,
        );
      }),
    );
}
