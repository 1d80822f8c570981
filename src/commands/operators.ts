/** `polygate operator`: who may use the console API. A key is shown once; only its hash is kept. */
import { type Command, Option } from 'commander';
import { type Role, roles } from '../core/operator/operator.ts';
import { hashOfKey, newOperatorKey } from '../core/operator/operator-key.ts';
import { createOperator, listOperators, revokeOperator } from '../store/operators.ts';
import { actor, addCommand, addGroup, freeText, idOf, type ListOptions, print, printJson, printRows, withStore } from './command-line.ts';

export function addOperatorCommands(program: Command): void {
  const operator = addGroup(program, 'operator', 'who may use the console API');
  addCommand(operator, 'add', 'give somebody a key; it is shown once')
    .requiredOption('--name <name>', 'as it stands in the audit trail', freeText(100))
    .addOption(
      new Option('--role <role>', 'viewer looks; operator acts on what has happened; admin manages merchants, keys and operators')
        .choices(roles)
        .makeOptionMandatory(),
    )
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { name: string; role: Role }) => {
      const { name, role } = options;
      const key = newOperatorKey();
      const { operatorId } = await withStore(options, (database) =>
        createOperator(database, { actor: actor(), name, role, keyHash: hashOfKey(key) }),
      );
      if (options.json === true) return printJson({ operatorId, name, role, key });
      print(`${name} is ${role === 'viewer' ? 'a' : 'an'} ${role} with the id ${operatorId}.`);
      print(`The key, which is not shown again: ${key}`);
    });
  addCommand(operator, 'list', 'show the operators, without their keys')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions) => {
      printRows(await withStore(options, listOperators), {
        ...{ json: options.json, none: 'There is no operator yet. Add one with `polygate operator add`.' },
      });
    });
  addCommand(operator, 'revoke', 'end the key of an operator, at once')
    .argument('<id>', 'its id, as `polygate operator list` shows it', idOf('the id of an operator (a UUID)'))
    .action(async (operatorId: string, options: ListOptions) => {
      await withStore(options, (database) => revokeOperator(database, { actor: actor(), operatorId }));
      print(`The key of operator ${operatorId} counts no more.`);
    });
}
