/**
 * An exact sum over rows that come, change and leave, kept up to date one change at a time.
 *
 * @module
 */
import { add, type ExactDecimal, parseDecimal, subtract, writeDecimal, ZERO } from "./decimal.ts";

/** See the module. */
export class KeyedSum {
  readonly #parts = new Map<string, ExactDecimal>();
  #sum: ExactDecimal = ZERO;

  /** How many rows have a part in it. */
  get size(): number {
    return this.#parts.size;
  }

  /** The sum as a decimal string; it keeps the most digits that it ever needed. */
  get text(): string {
    return writeDecimal(this.#sum);
  }

  /** Sets the part of a row; what is no decimal has none. */
  set(id: string, text: string | undefined): void {
    const next = text === undefined ? undefined : parseDecimal(text);
    this.delete(id);
    if (next === undefined) return;
    this.#parts.set(id, next);
    this.#sum = add(this.#sum, next);
  }

  /** Takes the part of a row away. */
  delete(id: string): void {
    const part = this.#parts.get(id);
    if (part === undefined) return;
    this.#parts.delete(id);
    this.#sum = this.#parts.size === 0 ? ZERO : subtract(this.#sum, part);
  }
}
