/**
 * Text in lines.
 *
 * @module
 */

/** Cuts text into lines without their ends; empty ones are left out. */
export class TextLineStream extends TransformStream<string, string> {
  /** Holds the last line back until it is whole. */
  constructor() {
    let rest = "";
    super({
      transform(chunk, controller) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) if (line.trim() !== "") controller.enqueue(line);
      },
      flush(controller) {
        if (rest.trim() !== "") controller.enqueue(rest);
      },
    });
  }
}
