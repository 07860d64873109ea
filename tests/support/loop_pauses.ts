/**
 * How long an event loop stood still.
 *
 * @module
 */

/** Pause that the probe itself asks for between two looks, in ms. */
const EVERY_MS = 1;

/** Looks at the loop it runs in, again and again. */
export class LoopPauses {
  /** Time between two looks, in ms. */
  readonly all: number[] = [];
  /** The same without the time that the thread waited for a core, where Linux tells it. */
  readonly own: number[] = [];
  readonly #schedule = openSchedule();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = 0;
  #waited = 0;

  start(): void {
    this.#at = performance.now();
    this.#waited = this.#waitedMs();
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#schedule?.close();
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      const now = performance.now();
      const waited = this.#waitedMs();
      this.all.push(now - this.#at);
      this.own.push(now - this.#at - (waited - this.#waited));
      this.#at = now;
      this.#waited = waited;
      this.#arm();
    }, EVERY_MS);
  }

  #waitedMs(): number {
    if (this.#schedule === undefined) return 0;
    const bytes = new Uint8Array(128);
    this.#schedule.seekSync(0, Deno.SeekMode.Start);
    const text = new TextDecoder().decode(bytes.subarray(0, this.#schedule.readSync(bytes) ?? 0));
    return Number(text.split(" ")[1]) / 1e6; // Nanoseconds on the CPU, waiting for it, slices.
  }
}

/** Statistics of this thread; tests do not run in the first of their process. */
function openSchedule(): Deno.FsFile | undefined {
  try {
    return Deno.openSync("/proc/thread-self/schedstat");
  } catch {
    return undefined;
  }
}

/** One line about a list of durations: how many, median, 99 %, longest. */
export function summary(what: string, millis: readonly number[]): string {
  const sorted = millis.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2);
  return `${what}: ${sorted.length}, p50 ${at(0.5)} ms, p99 ${at(0.99)}, max ${at(1)}`;
}
