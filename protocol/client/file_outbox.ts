/**
 * An outbox in a file, for Deno, Node and Bun. An entry of its own in the package: browsers have no
 * files.
 *
 * The file is a log of lines: `{"id","event"}` for an event, `{"done":[…]}` for events that are stored.
 * An unfinished last line of a killed program was never confirmed, and is cut off.
 *
 * @module
 */
import { type FileHandle, open, readFile, rename } from "node:fs/promises";
// What users see as well, so that the two entries of the package share one class of errors.
import { type Outbox, type OutboxEntry, TelemetryError } from "./mod.ts";

/** Bytes of lines that are of no use any more at which the file is written anew: 1 MiB. */
export const COMPACT_BYTES = 1024 * 1024;

/** How a file is kept. */
export interface FileOutboxOptions {
  /** Most bytes of events in it; 256 MiB. */
  readonly maxBytes?: number;
  /**
   * Whether an append waits until the disk has it (`fdatasync`), so that it outlasts a loss of power,
   * not only the program; true.
   */
  readonly sync?: boolean;
}

/**
 * An outbox in a file; only one program may use it at a time.
 *
 * @param path Made when it is not there; its directory must be.
 */
export function fileOutbox(path: string, options: FileOutboxOptions = {}): Outbox {
  return new FileOutbox(path, options.maxBytes ?? 256 * 1024 * 1024, options.sync ?? true);
}

class FileOutbox implements Outbox {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #sync: boolean;
  readonly #entries = new Map<string, OutboxEntry>();
  #file: FileHandle | undefined;
  #liveBytes = 0;
  #fileBytes = 0;

  constructor(path: string, maxBytes: number, sync: boolean) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#sync = sync;
  }

  async open(): Promise<readonly OutboxEntry[]> {
    const text = await readFile(this.#path, "utf8").catch((error) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
      if (line !== "") this.#replay(JSON.parse(line));
    }
    await this.#rewrite();
    return [...this.#entries.values()];
  }

  async append(entries: readonly OutboxEntry[]): Promise<void> {
    const size = sizeOf(entries);
    if (this.#liveBytes + size > this.#maxBytes) throw new TelemetryError("outbox_full");
    await this.#write(entries.map(lineOf).join(""));
    for (const entry of entries) this.#add(entry);
  }

  async remove(eventIds: readonly string[]): Promise<void> {
    this.#replay({ done: eventIds });
    // A line that power loss takes back is only sent again.
    await this.#write(`${JSON.stringify({ done: eventIds })}\n`, false);
    if (this.#fileBytes - this.#liveBytes > COMPACT_BYTES + this.#liveBytes) await this.#rewrite();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  #replay(line: Line): void {
    if (line.id !== undefined) this.#add({ eventId: line.id, text: JSON.stringify(line.event) });
    for (const id of line.done ?? []) {
      const entry = this.#entries.get(id);
      if (entry !== undefined && this.#entries.delete(id)) this.#liveBytes -= sizeOf([entry]);
    }
  }

  #add(entry: OutboxEntry): void {
    if (this.#entries.has(entry.eventId)) return;
    this.#entries.set(entry.eventId, entry);
    this.#liveBytes += sizeOf([entry]);
  }

  async #write(text: string, sync = this.#sync): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new TelemetryError("closed", "the outbox is not open");
    const bytes = new TextEncoder().encode(text);
    const before = this.#fileBytes;
    try {
      for (let at = 0; at < bytes.length;) {
        at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
      }
      if (sync) await file.datasync();
      this.#fileBytes += bytes.length;
    } catch (error) {
      // A disk that is full takes half a line: what follows must not be added to it.
      await file.truncate(before).catch(() => {});
      throw error;
    }
  }

  /** Writes what lives to a new file, which takes the place of the old one when it is whole. */
  async #rewrite(): Promise<void> {
    const text = [...this.#entries.values()].map(lineOf).join("");
    const draft = `${this.#path}.new`;
    const file = await open(draft, "w");
    try {
      await file.writeFile(text);
      if (this.#sync) await file.datasync();
    } finally {
      await file.close();
    }
    await this.close();
    await rename(draft, this.#path);
    this.#file = await open(this.#path, "a");
    this.#fileBytes = new TextEncoder().encode(text).length;
  }
}

/** The size of entries in bytes of UTF-8. */
function sizeOf(entries: readonly OutboxEntry[]): number {
  const encoder = new TextEncoder();
  return entries.reduce((sum, { text }) => sum + encoder.encode(text).length, 0);
}

interface Line {
  readonly id?: string;
  readonly event?: unknown;
  readonly done?: readonly string[];
}

function lineOf({ eventId, text }: OutboxEntry): string {
  return `{"id":${JSON.stringify(eventId)},"event":${text}}\n`;
}
