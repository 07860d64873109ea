/**
 * A rate over the last seconds from a counter that only grows.
 *
 * @module
 */

/** Samples that the rate is taken over, one a second. */
const WINDOW = 5;

/** See the module. */
export class Rate {
  #samples: { readonly at: number; readonly count: number }[] = [];

  /** The count is another one now; less than before means that it began anew. */
  sample(at: number, count: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && (count < last.count || at < last.at)) this.#samples = [];
    this.#samples = [...this.#samples, { at, count }].slice(-WINDOW - 1);
  }

  /** A second, over the window; `undefined` before there are two samples. */
  get perSecond(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at <= first.at) return undefined;
    return (last.count - first.count) / (last.at - first.at) * 1_000;
  }
}
