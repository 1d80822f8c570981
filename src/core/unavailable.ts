/** Thrown before anything is recorded, when something that every request needs is away or used up: the same request may succeed later. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
