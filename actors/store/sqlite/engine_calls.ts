/**
 * What passes between the threads of a store.
 *
 * @module
 */
import type { Engine } from "./engine.ts";
import type { StoreErrorCode } from "./errors.ts";

/** The methods of an engine. */
export type EngineCalls = Pick<Engine, keyof Engine>;

/** The name of a method. */
export type CallName = keyof EngineCalls;

/** A call; `open` makes the engine. */
export interface Call {
  /** Tells calls apart. */
  readonly id: number;
  /** What to do. */
  readonly name: CallName | "open";
  /** The arguments of the method, packed for `commit`; or the options of the engine. */
  readonly args: readonly unknown[];
}

/**
 * The outcome of the call with the same id. Errors lose their class on the way; `permission` is one
 * that Deno does not grant, which has an explanation of its own.
 */
export type EngineAnswer =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | {
    readonly id: number;
    readonly ok: false;
    readonly code: StoreErrorCode | "permission";
    readonly message: string;
  };
