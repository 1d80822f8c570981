/** What the console API answers when it does not do what was asked: a word for programs and a sentence for people. */

export interface ProblemBody {
  readonly error: string;
  readonly message: string;
}

export class ConsoleProblem extends Error {
  readonly status: number;
  readonly body: ProblemBody;
  constructor(status: number, body: ProblemBody) {
    super(body.message);
    this.name = 'ConsoleProblem';
    this.status = status;
    this.body = body;
  }
}
