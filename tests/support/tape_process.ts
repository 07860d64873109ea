/**
 * The tape player as a process of its own, and the tape as it should arrive.
 *
 * @module
 */
import { ProcessOutput } from "./process_output.ts";
import { projectPath } from "./paths.ts";
import { within } from "./wait.ts";

/** How to play. */
export interface TapeOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly file: string;
  readonly speed: number;
  /** Stands in every event; a long one makes events large. */
  readonly source?: string;
}

/** A running player; disposing of it kills it. */
export class TapeProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ProcessOutput;
  #ended = false;

  /** Starts playing. */
  constructor(options: TapeOptions) {
    const { url, apiKey, file, speed, source } = options;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--allow-read", "--allow-net", "--allow-env"],
        ...[projectPath("main.ts"), "tape", file, "--url", url, "--speed", String(speed)],
        ...(source === undefined ? [] : ["--source", source]),
      ],
      env: { TELEMETRY_API_KEY: apiKey, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#output = new ProcessOutput(this.#child);
    this.#child.status.then(() => this.#ended = true);
  }

  /** Waits for its end; anything but success is an error with its output. */
  async finished(withinMs: number): Promise<string> {
    const output = () => this.#output.text.slice(-1_000);
    const status = await within("the tape ends", this.#child.status, withinMs, output);
    await this.#output.ended;
    if (!status.success) throw new Error(`the tape failed: ${output()}`);
    return this.#output.text;
  }

  /** Kills the player if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await Promise.all([this.#child.status, this.#output.ended]);
  }
}

/** The prices of a Tardis trades file, in order, read independently of the player. */
export async function pricesOf(file: string): Promise<string[]> {
  const [header, ...rows] = (await Deno.readTextFile(file)).trim().split("\n");
  const column = header!.split(",").indexOf("price");
  return rows.map((row) => row.split(",")[column]!);
}
