import assert from "node:assert/strict";
import fc from "fast-check";
import { anyText } from "./any_text.ts";
import { encodeFrame, type Frame, FrameParser, OPCODE } from "./ws_frames.ts";
import { MessageAssembler, WsProtocolError } from "./ws_messages.ts";

/** Lengths on both sides of each length encoding. */
const Length = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000),
);

const Spec = fc.record({
  opcode: fc.integer({ min: 0, max: 15 }),
  fin: fc.boolean(),
  rsv: fc.integer({ min: 0, max: 7 }),
  mask: fc.oneof(fc.constant(null), fc.uint8Array({ minLength: 4, maxLength: 4 })),
  payload: Length.map((length) => Uint8Array.from({ length }, (_, index) => index * 31)),
});

function parseAll(bytes: Uint8Array, cuts: readonly number[]): Frame[] {
  const parser = new FrameParser();
  const frames: Frame[] = [];
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  let start = 0;
  for (const end of ends.sort((a, b) => a - b)) {
    parser.push(bytes.subarray(start, end));
    start = end;
    for (let frame = parser.next(); frame !== undefined; frame = parser.next()) frames.push(frame);
  }
  assert.equal(parser.pendingBytes, 0);
  return frames;
}

Deno.test("any frames survive the codec, wherever the byte stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(Spec, { maxLength: 8 }),
      fc.array(fc.nat(600_000), { maxLength: 12 }),
      (specs, cuts) => {
        const chunks = specs.map((spec) => encodeFrame(spec));
        const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
        let offset = 0;
        for (const chunk of chunks) {
          bytes.set(chunk, offset);
          offset += chunk.length;
        }
        const expected = specs.map(({ mask, ...spec }) => ({ ...spec, masked: mask !== null }));
        const frames = parseAll(bytes, cuts).map(({ payload, ...frame }) => ({
          ...frame,
          payload: Uint8Array.from(payload),
        }));
        assert.deepEqual(frames, expected.map((spec) => ({ ...spec })));
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("any text survives being cut into fragments with control frames in between", () => {
  fc.assert(
    fc.property(
      anyText({ maxLength: 200 }),
      fc.array(fc.nat(800), { maxLength: 6 }),
      (text, cuts) => {
        const bytes = new TextEncoder().encode(text);
        const assembler = new MessageAssembler();
        const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]
          .sort((a, b) => a - b);
        const received: string[] = [];
        let start = 0;
        ends.forEach((end, index) => {
          const frame = {
            fin: index === ends.length - 1,
            rsv: 0,
            opcode: index === 0 ? OPCODE.text : OPCODE.continuation,
            masked: false,
            payload: bytes.slice(start, end),
          };
          start = end;
          const message = assembler.take(frame);
          if (message?.kind === "text") received.push(message.text);
          const payload = new Uint8Array(0);
          const ping = { fin: true, rsv: 0, opcode: OPCODE.ping, masked: false, payload };
          assert.equal(assembler.take(ping)?.kind, "ping");
        });
        assert.deepEqual(received, [text.toWellFormed()]);
      },
    ),
  );
});

Deno.test("the bytes are those of RFC 6455 §5.7", () => {
  const hello = new TextEncoder().encode("Hello");
  const hex = (bytes: Uint8Array) =>
    [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  assert.equal(
    hex(encodeFrame({ opcode: OPCODE.text, payload: hello, mask: null })),
    "81 05 48 65 6c 6c 6f",
  );
  const mask = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
  assert.equal(
    hex(encodeFrame({ opcode: OPCODE.text, payload: hello, mask })),
    "81 85 37 fa 21 3d 7f 9f 4d 51 58",
  );
  const large = encodeFrame({ opcode: OPCODE.binary, payload: new Uint8Array(65_536), mask: null });
  assert.equal(hex(large.subarray(0, 10)), "82 7f 00 00 00 00 00 01 00 00");
});

Deno.test("what a server must not send is an error", () => {
  const frame = (fields: Partial<Frame>): Frame => ({
    fin: true,
    rsv: 0,
    opcode: OPCODE.text,
    masked: false,
    payload: new Uint8Array(0),
    ...fields,
  });
  const bad: Partial<Frame>[] = [
    { masked: true },
    { rsv: 4 },
    { opcode: OPCODE.continuation },
    { opcode: 3 },
    { opcode: 11 },
    { opcode: OPCODE.ping, fin: false },
    { opcode: OPCODE.ping, payload: new Uint8Array(126) },
    { opcode: OPCODE.close, payload: new Uint8Array(1) },
  ];
  for (const fields of bad) {
    assert.throws(() => new MessageAssembler().take(frame(fields)), WsProtocolError);
  }
});
