/**
 * The thread of a store that ends when an event says so, for tests of what comes after. Loaded as a
 * worker, never imported.
 *
 * @module
 */
import "../../actors/store/sqlite/engine_worker.ts";
import type { Call } from "../../actors/store/sqlite/engine_calls.ts";
import { type PackedBatch, unpackBatch } from "../../actors/store/sqlite/packed_batch.ts";
import { DIE_AFTER, DIE_BEFORE, DIE_IDLE } from "./mortal_keys.ts";

// The runtime prints what ends a thread; that it is one of ours is said by the message alone.
Error.stackTraceLimit = 0;

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Call>) => void;
  postMessage(answer: unknown): void;
};
const work = scope.onmessage;
const post = scope.postMessage.bind(scope);

scope.onmessage = (message) => {
  const { name, args } = message.data;
  const batch = name === "commit" ? unpackBatch(args[0] as PackedBatch)[0] : [];
  const keys = batch.map(({ key }) => key);
  if (keys.includes(DIE_BEFORE)) throw new Error("ended before the commit");
  scope.postMessage = keys.includes(DIE_AFTER) ? () => {} : post;
  work(message);
  if (keys.includes(DIE_AFTER)) throw new Error("ended after the commit");
  if (keys.includes(DIE_IDLE)) setTimeout(() => fail("ended while idle"));
};

function fail(message: string): never {
  throw new Error(message);
}
