/**
 * Ascending numbers, with a count of those within a range.
 *
 * @module
 */

/** Most numbers kept: 512 KB. Beyond twice as many the older half goes. */
export const MAX_NUMBERS = 65_536;

/** Numbers in ascending order, complete from {@link NumberSet.first} on. */
export class NumberSet {
  #numbers: number[] = [];
  #first: number;

  /**
   * Starts empty.
   *
   * @param first The number from which on it is going to be complete.
   */
  constructor(first: number) {
    this.#first = first;
  }

  /** Every number that was added is known from here on. */
  get first(): number {
    return this.#first;
  }

  /** Adds a number above all others. */
  add(number: number): void {
    this.#numbers.push(number);
    if (this.#numbers.length < MAX_NUMBERS * 2) return;
    this.#first = this.#numbers[MAX_NUMBERS - 1]! + 1;
    this.#numbers = this.#numbers.slice(MAX_NUMBERS);
  }

  /** How many numbers lie in a range, both ends included. */
  count(from: number, to: number): number {
    return this.#indexOf(to + 1) - this.#indexOf(from);
  }

  /** How many numbers lie below one. */
  #indexOf(number: number): number {
    let low = 0;
    let high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#numbers[middle]! < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
