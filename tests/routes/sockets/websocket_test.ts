import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { handshakeFault, isUpgrade } from "../../../routes/sockets/websocket.ts";

const GOOD = {
  "Upgrade": "websocket",
  "Connection": "Upgrade",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", // The example of RFC 6455 §1.3.
};

const request = (headers: Readonly<Record<string, string>>) =>
  new Request("http://localhost:8080/ws/telemetry", { headers });

Deno.test("an upgrade is asked for in any case", () => {
  for (const Upgrade of ["websocket", "WebSocket", "WEBSOCKET"]) {
    assert.equal(isUpgrade(request({ Upgrade })), true, Upgrade);
  }
  for (const headers of [{}, { Upgrade: "h2c" }, { Connection: "Upgrade" }]) {
    assert.equal(isUpgrade(request(headers)), false, JSON.stringify(headers));
  }
});

Deno.test("a handshake by the book has no fault", () => {
  const variants = [
    {},
    { Connection: "keep-alive, Upgrade" },
    { Connection: "upgrade" },
    { "Sec-WebSocket-Key": Buffer.alloc(16).toString("base64") },
  ];
  for (const variant of variants) {
    assert.equal(handshakeFault(request({ ...GOOD, ...variant })), undefined);
  }
});

Deno.test("every header that is missing or wrong is named", () => {
  const values: Readonly<Record<string, readonly string[]>> = {
    "Sec-WebSocket-Version": ["", "8", "13, 8", "013"],
    "Sec-WebSocket-Key": ["", "short", Buffer.alloc(15).toString("base64"), "A".repeat(100)],
    "Connection": ["", "keep-alive", "upgraded", "not-upgrade"],
  };
  for (const [header, wrong] of Object.entries(values)) {
    for (const value of wrong) {
      const fault = handshakeFault(request({ ...GOOD, [header]: value }));
      assert.ok(fault?.includes(header), `${header}: ${value}`);
    }
    const { [header as keyof typeof GOOD]: _, ...others } = GOOD;
    assert.ok(handshakeFault(request(others))?.includes(header), header);
  }
});
