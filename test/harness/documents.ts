/** Commands in written pages: the `sh` blocks of a Markdown file, and the output that the block behind each one promises. */

export interface Command {
  readonly page: string;
  /** Line of the page at which it begins, counted from 1. */
  readonly line: number;
  readonly script: string;
  /** Pieces of the output, in this order; empty where the page promises nothing. */
  readonly promised: readonly string[];
}

/** Blocks that start, test or measure the product itself are for a person at a terminal. */
const forPeople = /^\s*(npm|npx|node) /m;

const block = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** Commands that talk to a running sandbox, in the order of the page. */
export function commandsOf({ page, text }: { readonly page: string; readonly text: string }): readonly Command[] {
  const blocks = [...text.matchAll(block)].map(({ 1: kind = '', 2: content = '', index }) => ({ kind, content, index }));
  return blocks.flatMap(({ kind, content, index }, position) => {
    if (kind !== 'sh' || forPeople.test(content)) return [];
    const next = blocks[position + 1];
    const promised = next?.kind === 'text' ? next.content.split('\n').filter((line) => line !== '') : [];
    return [{ page, line: text.slice(0, index).split('\n').length, script: content, promised }];
  });
}
