/**
 * How many bytes of bodies and messages that are not parsed yet the process holds.
 *
 * @module
 */

/** Bounds of a {@link ByteBudget}, in bytes. */
export interface BudgetBounds {
  /** Most for everybody together. */
  readonly total: number;
  /** Most for one principal. */
  readonly perPrincipal: number;
}

/** Bodies of HTTP requests: 64 MiB, a quarter of it for one principal. */
export const BODY_BOUNDS: BudgetBounds = { total: 67_108_864, perPrincipal: 16_777_216 };

/**
 * Messages of sockets: 128 MiB, three quarters of it for one principal. They are in memory before
 * they can be refused, so making a publisher retry costs more than letting it wait.
 */
export const MESSAGE_BOUNDS: BudgetBounds = { total: 134_217_728, perPrincipal: 100_663_296 };

/**
 * What is kept of a principal's share for bodies of at most {@link SMALL_BYTES}, in bytes, so that
 * large ones that are held open do not shut out the others of the same key.
 */
export const SMALL_SHARE = 1_048_576;

/** Largest body or message that counts as small, in bytes. */
export const SMALL_BYTES = 65_536;

/** Counts bytes as they are received, not as they are announced. */
export class ByteBudget {
  readonly #bounds: BudgetBounds;
  readonly #held = new Map<string, number>();
  #total = 0;

  /** Starts with nothing held. */
  constructor(bounds: BudgetBounds) {
    this.#bounds = bounds;
  }

  /** Bytes held for everybody. */
  get total(): number {
    return this.#total;
  }

  /** Bytes held for a principal. */
  held(principal: string): number {
    return this.#held.get(principal) ?? 0;
  }

  /**
   * Takes room for bytes of a principal.
   *
   * @param size Bytes of the body so far, these included.
   * @returns `false` when there is none, and nothing was taken.
   */
  take(principal: string, bytes: number, size: number): boolean {
    const held = this.held(principal) + bytes;
    const share = this.#bounds.perPrincipal - (size > SMALL_BYTES ? SMALL_SHARE : 0);
    if (held > share || this.#total + bytes > this.#bounds.total) return false;
    this.#held.set(principal, held);
    this.#total += bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(principal: string, bytes: number): void {
    const held = this.held(principal) - bytes;
    if (held > 0) this.#held.set(principal, held);
    else this.#held.delete(principal);
    this.#total -= bytes;
  }
}
