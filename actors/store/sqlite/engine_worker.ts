/**
 * The thread of a store: an engine behind messages. Loaded as a worker, never imported.
 *
 * @module
 */
import { Engine, type EngineOptions } from "./engine.ts";
import type { Call, EngineAnswer, EngineCalls } from "./engine_calls.ts";
import { type PackedBatch, unpackBatch } from "./packed_batch.ts";
import { StoreError, type StoreErrorCode } from "./errors.ts";

/** The part of a worker's global scope that is used; Deno types it as a window. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Call>) => void;
  postMessage(answer: EngineAnswer): void;
};

let engine: EngineCalls | undefined;

// Deno 2.4 keeps files of an ended thread open; the lock on the database would stay with them.
addEventListener("error", () => engine?.abandon());

scope.onmessage = ({ data }) => scope.postMessage(answer(data));

function answer({ id, name, args }: Call): EngineAnswer {
  try {
    if (name === "open") {
      engine = new Engine(args[0] as EngineOptions);
      return { id, ok: true, result: undefined };
    }
    if (name === "commit") {
      engine!.commit(...unpackBatch(args[0] as PackedBatch));
      return { id, ok: true, result: undefined };
    }
    const method = engine![name] as (...args: readonly unknown[]) => unknown;
    return { id, ok: true, result: method.apply(engine, [...args]) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { id, ok: false, code: codeOf(error), message };
  }
}

function codeOf(error: unknown): StoreErrorCode | "permission" {
  if (error instanceof StoreError) return error.code;
  return error instanceof Deno.errors.NotCapable ? "permission" : "internal";
}
