/**
 * Seeded random numbers.
 *
 * @module
 */

/** The state of a generator: four words, not all zero. */
export type RandomState = readonly [number, number, number, number];

/**
 * xoshiro128** 1.1 by David Blackman and Sebastiano Vigna, placed in the public domain
 * (https://prng.di.unimi.it/xoshiro128starstar.c). Period 2^128 − 1. Not for secrets.
 */
export class Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /**
   * A generator at the start of its sequence.
   *
   * @param seed Any text or number: equal seeds give equal numbers.
   * @param state Where to start instead, for tests against the reference.
   */
  constructor(seed: string | number, state: RandomState = expand(String(seed))) {
    this.#seed = String(seed);
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  /** A generator of its own for one part of a model, so that parts do not disturb each other. */
  fork(label: string): Random {
    return new Random(`${this.#seed}/${label}`);
  }

  /** A whole number from 0 to 2^32 − 1. */
  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  /** A number with `min <= x < max`, of 53 random bits. */
  uniform(min = 0, max = 1): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return min + (max - min) * ((high * 2 ** 26 + low) / 2 ** 53);
  }

  /** A whole number with `min <= x <= max`. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.uniform() * (max - min + 1));
  }

  /** Whether something of this probability (0 to 1) happens. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** One of the items, each as likely. The list must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)]!;
  }

  /** A normally distributed number (Box and Muller 1958; the second of each pair is not used). */
  normal(mean = 0, deviation = 1): number {
    // 1 − u lies in (0, 1], where the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** Spreads a text over the state: FNV-1a into 32 bits, then four steps of SplitMix32. */
function expand(seed: string): RandomState {
  let hash = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) {
    hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
  }
  const next = () => {
    hash = (hash + 0x9e3779b9) | 0;
    let word = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  };
  // SplitMix32 is a bijection of a counter, so four in a row are never all zero.
  return [next(), next(), next(), next()];
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
