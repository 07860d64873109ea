/**
 * A keys file in memory, whose changes a test makes one by one.
 *
 * @module
 */
import type { KeyRecord } from "../../protocol/keys/record.ts";
import type { AppDeps } from "../../routes/context.ts";
import type { FileStamp, KeysFile } from "../../routes/auth/keys/keys_file.ts";

/** See the module. Locks are taken one after the other, as between processes. */
export class MemoryKeysFile implements KeysFile {
  readonly path = "keys.json";
  /** `undefined`: there is no file. */
  text: string | undefined;
  /** Part of the stamp: another one is another file, as after a rename. */
  inode = 1;
  /** Epoch ms of the last change. */
  changedAt = 0;
  /** How often the text was read. */
  reads = 0;
  /** Thrown by reading, while it is set. */
  trouble: Error | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(text?: string) {
    this.text = text;
  }

  /** Writes in place, at a time. */
  write(text: string | undefined, changedAt: number): void {
    this.text = text;
    this.changedAt = changedAt;
  }

  stat(): Promise<FileStamp | undefined> {
    if (this.text === undefined) return Promise.resolve(undefined);
    const identity = `${this.inode}:${this.text.length}:${this.changedAt}`;
    return Promise.resolve({ identity, changedAt: this.changedAt, mode: 0o100600 });
  }

  read(): Promise<string | undefined> {
    this.reads += 1;
    return this.trouble === undefined ? Promise.resolve(this.text) : Promise.reject(this.trouble);
  }

  locked<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  replace(text: string): Promise<void> {
    this.inode += 1;
    this.write(text, this.changedAt + 1);
    return Promise.resolve();
  }
}

/** Keys that are edited and open nothing. */
export function memoryKeyAdmin(): AppDeps["keyAdmin"] {
  let keys: readonly KeyRecord[] = [];
  return {
    get keys() {
      return keys;
    },
    edit: async (_by, edit) => {
      await Promise.resolve();
      keys = edit(keys);
    },
  };
}
