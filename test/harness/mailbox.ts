/** The mailbox of the sandbox as a test looks at it. */
import type { ReceivedMail } from '../../sandbox/mail/mailbox.ts';
import { eventually } from './processes.ts';

export interface Mailbox {
  list(filter: { readonly to?: string; readonly subject?: string }): Promise<readonly ReceivedMail[]>;
  /** Waits until as many have come to an address; `subject`: of those with these words in it. */
  received(to: string, count: number, subject?: string): Promise<readonly ReceivedMail[]>;
  clear(): Promise<void>;
}

export function createMailbox(sandboxUrl: string): Mailbox {
  const list: Mailbox['list'] = async (filter) => {
    const response = await fetch(`${sandboxUrl}/control/mail?${new URLSearchParams(filter)}`);
    if (!response.ok) throw new Error(`the mailbox answered ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { readonly mails: readonly ReceivedMail[] }).mails;
  };
  return {
    list,
    async received(to, count, subject) {
      let found: readonly ReceivedMail[] = [];
      const enough = async () => {
        found = await list({ to, ...(subject === undefined ? {} : { subject }) });
        return found.length >= count;
      };
      await eventually(enough, `${count} mails to ${to}`);
      return found;
    },
    async clear() {
      await fetch(`${sandboxUrl}/control/mail`, { method: 'DELETE' });
    },
  };
}
