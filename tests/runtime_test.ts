/**
 * The properties of the runtime's HTTP server that decide on which Deno the gateway should run,
 * checked on the Deno that runs the tests against what `runtime_faults.ts` says of its version.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  RUNTIME_FAULTS,
  type RuntimeFault,
  runtimeFaults,
  SOUND_DENO,
  warnOfRuntime,
} from "../routes/cli/runtime_faults.ts";
import { openDescriptors } from "./chaos/process_facts.ts";
import { type BareServer, startBareServer } from "./support/bare_server.ts";
import { projectPath } from "./support/paths.ts";
import { type RawHeaders, RawReader, requestHead, writeAll } from "./support/raw_http.ts";
import { DeadlineError, waitUntil, within } from "./support/wait.ts";

const HANDSHAKE: RawHeaders = {
  "Host": "127.0.0.1",
  "Upgrade": "websocket",
  "Connection": "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", // RFC 6455, section 1.3
  "Sec-WebSocket-Version": "13",
};

/** What the JDK's HTTP client sends with its first request to a server that it does not know. */
const H2C_OFFER: RawHeaders = {
  "Host": "127.0.0.1",
  "Connection": "Upgrade, HTTP2-Settings",
  "Content-Length": "0",
  "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
  "Upgrade": "h2c",
};

const RESETS = 200;
const RESETS_WITHIN_MS = 10_000;
const BODY = new TextEncoder().encode("x".repeat(600));

/** Whether a server has each fault. */
const PROBES: Readonly<Record<RuntimeFault, (server: BareServer) => Promise<boolean>>> = {
  "refuses handshakes with Content-Length: 0": async (server) => {
    return await statusOf(server, { ...HANDSHAKE, "Content-Length": "0" }) !== 101;
  },
  "refuses requests that offer h2c": async (server) => await statusOf(server, H2C_OFFER) !== 200,
  "leaks a descriptor for every handshake that its client resets": leaksAfterResets,
  "closes connections after bodies of 500 bytes": closesAfterBody,
  "fails bodies that arrive during a shutdown": failsBodyDuringShutdown,
};

for (const fault of Object.keys(RUNTIME_FAULTS) as RuntimeFault[]) {
  const version = Deno.version.deno;
  const known = runtimeFaults(version).includes(fault);
  Deno.test({
    name: `Deno ${known ? "is known for what it does" : "is free of this fault"}: ${fault}`,
    ignore: Deno.build.os !== "linux", // Descriptors are counted in /proc.
    fn: async () => {
      await using server = await startBareServer();
      const found = await PROBES[fault](server);
      const message = `Deno ${version}: correct its line in routes/cli/runtime_faults.ts`;
      assert.equal(found, known, message);
    },
  });
}

Deno.test("the version to run on has no known fault, and those after it have", () => {
  assert.deepEqual(runtimeFaults(SOUND_DENO), []);
  assert.deepEqual(runtimeFaults("2.4.2"), []);
  assert.equal(runtimeFaults("2.8.3").length, 4);
  assert.ok(runtimeFaults("2.9.0").includes("closes connections after bodies of 500 bytes"));
  assert.ok(!runtimeFaults("2.9.6").includes("closes connections after bodies of 500 bytes"));
  assert.ok(runtimeFaults("2.10.0-rc.1").includes("refuses requests that offer h2c"));
  assert.ok(runtimeFaults("3.0.0").includes("fails bodies that arrive during a shutdown"));
});

Deno.test("README and CI use the version to run on", async () => {
  for (const path of ["README.md", ".ci/run"]) {
    const text = await Deno.readTextFile(projectPath(path));
    const named = [...text.matchAll(/(?:deno@|\bDENO_VERSION=)(\d[\d.]*\d)/g)];
    assert.ok(named.length > 0, path);
    for (const [, version] of named) assert.equal(version, SOUND_DENO, path);
  }
});

Deno.test("a version with known faults is warned of in one line, others are not", () => {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const ignore = () => {};
  const log = {
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (message: string, properties = {}) => void lines.push({ message, ...properties }),
  };
  warnOfRuntime("2.8.2", log);
  assert.deepEqual(lines, []);
  warnOfRuntime("2.9.6", log);
  assert.equal(lines.length, 1);
  assert.equal(lines[0]!["use"], "2.8.2");
  assert.match(String(lines[0]!["faults"]), /Content-Length: 0.*h2c.*descriptor/);
});

async function connectTo({ port }: BareServer): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

async function statusOf(server: BareServer, headers: RawHeaders): Promise<number> {
  using connection = await connectTo(server);
  await writeAll(connection, requestHead("GET", "/", headers));
  const { status } = await within("an answer", new RawReader(connection).head());
  return status;
}

async function leaksAfterResets(server: BareServer): Promise<boolean> {
  const before = await openDescriptors(server.pid);
  for (let count = 0; count < RESETS; count++) {
    using connection = await connectTo(server);
    // A connection that is closed with unread bytes is reset: those of an earlier answer.
    await writeAll(connection, requestHead("GET", "/", { Host: "127.0.0.1" }));
    await connection.read(new Uint8Array(1));
    await writeAll(connection, requestHead("GET", "/", HANDSHAKE));
  }
  try {
    await waitUntil(
      "the descriptors are back",
      () => openDescriptors(server.pid),
      (count) => count <= before,
      { withinMs: RESETS_WITHIN_MS, everyMs: 100 },
    );
    return false;
  } catch (error) {
    if (error instanceof DeadlineError) return true;
    throw error;
  }
}

async function closesAfterBody(server: BareServer): Promise<boolean> {
  using connection = await connectTo(server);
  const reader = new RawReader(connection);
  try {
    for (let count = 0; count < 2; count++) {
      await writeAll(connection, bodyHead("/"));
      await writeAll(connection, BODY);
      const { headers } = await within("an answer", reader.head());
      assert.equal(await reader.body(headers), String(BODY.length));
    }
    return false;
  } catch (error) {
    if (error instanceof assert.AssertionError || error instanceof DeadlineError) throw error;
    return true; // The connection ended.
  }
}

async function failsBodyDuringShutdown(server: BareServer): Promise<boolean> {
  using connection = await connectTo(server);
  await writeAll(connection, bodyHead("/"));
  await writeAll(connection, BODY.subarray(0, 300));
  using other = await connectTo(server);
  await writeAll(other, requestHead("GET", "/shutdown", { Host: "127.0.0.1" }));
  await within("the shutdown begins", new RawReader(other).head());
  await writeAll(connection, BODY.subarray(300));
  const { status } = await within("an answer", new RawReader(connection).head());
  return status !== 200;
}

function bodyHead(path: string): Uint8Array {
  return requestHead("POST", path, { "Host": "127.0.0.1", "Content-Length": String(BODY.length) });
}
