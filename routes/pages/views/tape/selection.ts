/** @module The event that is looked at; it stays while the tape runs on. */
import { type Signal, signal } from "@preact/signals";
import type { TapeEvent } from "../../logic/tape.ts";

/** See the module. */
export const selected: Signal<TapeEvent | undefined> = signal(undefined);
