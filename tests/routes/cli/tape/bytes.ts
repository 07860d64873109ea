/**
 * Streams of bytes for tests.
 *
 * @module
 */

/** A text as a stream of chunks of `size` bytes; `onCancel` is called when it is given up. */
export function streamOf(
  text: string,
  size: number = 64,
  onCancel: () => void = () => {},
): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let offset = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(offset, offset += size));
    },
    cancel: onCancel,
  });
}

/** A file of recorded market data, which is not part of the project; `undefined` without it. */
export async function recordedTape(name: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(new URL(`../../../../../shared/data/${name}`, import.meta.url));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return undefined;
  }
}
