/**
 * The addresses of what rows lead to.
 *
 * @module
 */
import { VIEW_PATHS } from "../paths.ts";

/** The chart of a symbol. */
export function symbolPath(symbol: string): string {
  return `${VIEW_PATHS.market}/${encodeURIComponent(symbol)}`;
}

/** The positions of a trader. */
export function traderPath(name: string): string {
  return `${VIEW_PATHS.positions}?${new URLSearchParams({ filter: name })}`;
}
