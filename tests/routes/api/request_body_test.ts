import assert from "node:assert/strict";
import {
  DISCARDED_BYTES,
  MAX_BODY_MILLIS,
  MAX_SILENCE_MILLIS,
  OVERLOAD_DISCARDED_BYTES,
  readBody,
} from "../../../routes/api/request_body.ts";
import { settle, TestClock } from "../../support/test_clock.ts";

/** A body whose bytes the test sends. */
class Upload {
  readonly clock = new TestClock();
  readonly closing = new AbortController();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  cancelled = false;
  readonly request: Request;
  room = Infinity;

  constructor() {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => void (this.cancelled = true),
    });
    this.request = new Request("http://x/", { method: "POST", body });
  }

  read(maxBytes = 1_000) {
    const take = (size: number) => size <= this.room;
    const { clock, closing: { signal: closing } } = this;
    return readBody(this.request, { clock, maxBytes, take, closing });
  }

  send(bytes: number | Uint8Array): void {
    this.#controller.enqueue(typeof bytes === "number" ? new Uint8Array(bytes) : bytes);
  }

  end(): void {
    this.#controller.close();
  }

  abort(): void {
    this.#controller.error(new Deno.errors.Http("error reading a body from connection"));
  }
}

Deno.test("a body is read whole, in whatever pieces it comes, and leaves no timer", async () => {
  const upload = new Upload();
  const reading = upload.read(300_000);
  const sent = crypto.getRandomValues(new Uint8Array(60_000));
  let at = 0;
  for (const size of [1, 2, 1_000, 40_000, 3, 18_994]) {
    // Small pieces in large buffers, as the runtime hands them out.
    const buffer = new Uint8Array(65_536);
    buffer.set(sent.subarray(at, at + size));
    upload.send(buffer.subarray(0, size));
    at += size;
    await settle();
  }
  upload.end();
  const result = await reading;
  assert.ok(result.ok);
  assert.deepEqual(result.bytes, sent);
  assert.equal(upload.clock.pendingTimers, 0);
});

Deno.test("silence for 10 s ends the reading", async () => {
  const upload = new Upload();
  const reading = upload.read();
  upload.send(1);
  await settle();
  upload.clock.advance(MAX_SILENCE_MILLIS - 1);
  upload.send(1);
  await settle();
  upload.clock.advance(MAX_SILENCE_MILLIS - 1);
  await settle();
  assert.equal(upload.cancelled, false);
  upload.clock.advance(1);
  assert.deepEqual(await reading, { ok: false, fault: "timeout" });
  assert.ok(upload.cancelled);
});

Deno.test("a trickle ends after 60 s in all", async () => {
  const upload = new Upload();
  const reading = upload.read();
  for (let second = 0; second < MAX_BODY_MILLIS / 1_000; second++) {
    upload.send(1);
    await settle();
    upload.clock.advance(1_000);
  }
  assert.deepEqual(await reading, { ok: false, fault: "timeout" });
});

Deno.test("a client that has gone is told from every other fault", async () => {
  const upload = new Upload();
  const reading = upload.read();
  upload.send(1);
  await settle();
  upload.abort();
  assert.deepEqual(await reading, { ok: false, fault: "aborted" });
  assert.equal(upload.clock.pendingTimers, 0);
});

Deno.test("a body that is still arriving when the process ends is given up", async () => {
  const upload = new Upload();
  const reading = upload.read();
  await settle();
  upload.closing.abort();
  assert.deepEqual(await reading, { ok: false, fault: "closing" });
  const late = new Upload();
  late.closing.abort();
  assert.deepEqual(await late.read(), { ok: false, fault: "closing" });
});

Deno.test("of a body that is refused the rest is read, so that its client reads the answer", async () => {
  for (const [fault, room] of [["too_large", Infinity], ["no_room", 10]] as const) {
    const upload = new Upload();
    upload.room = room;
    const reading = upload.read();
    for (let index = 0; index < 20; index++) upload.send(100);
    await settle();
    assert.equal(upload.cancelled, false);
    upload.end();
    assert.deepEqual(await reading, { ok: false, fault });
  }
});

Deno.test("a refused body is not read for ever, least of all when there is no room", async () => {
  const cases = [
    ["too_large", Infinity, 1_000, DISCARDED_BYTES],
    ["no_room", 10, 8_000_000, OVERLOAD_DISCARDED_BYTES],
  ] as const;
  for (const [fault, room, maxBytes, discarded] of cases) {
    const upload = new Upload();
    upload.room = room;
    const reading = upload.read(maxBytes);
    for (let sent = 0; sent <= discarded; sent += 100_000) upload.send(100_000);
    upload.send(100_000);
    assert.deepEqual(await reading, { ok: false, fault });
    assert.ok(upload.cancelled);
  }
});
