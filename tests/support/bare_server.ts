/**
 * The runtime's HTTP server in a process of its own, with nothing of ours around it: it answers with
 * the length of a body, upgrades what asks for a WebSocket, and shuts down when `/shutdown` is asked
 * for.
 *
 * @module
 */
import { fromFileUrl } from "./paths.ts";
import { within } from "./wait.ts";

/** A running server; disposing of it ends its process. */
export interface BareServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** Starts the server on a free port of loopback, under the Deno that runs the tests. */
export async function startBareServer(): Promise<BareServer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-net", fromFileUrl(new URL(import.meta.url))],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await within("the bare server listens", reader.read(), 20_000);
  const dispose = async () => {
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
  };
  const port = Number(new TextDecoder().decode(value));
  return { port, pid: child.pid, [Symbol.asyncDispose]: dispose };
}

function serve(): void {
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => void Deno.stdout.writeSync(new TextEncoder().encode(String(port))),
    onError: (error) => new Response(String(error), { status: 500 }),
  }, async (request) => {
    if (request.headers.get("upgrade")?.toLowerCase() === "websocket") {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onerror = () => {};
      return response;
    }
    if (request.url.endsWith("/shutdown")) void server.shutdown();
    return new Response(String((await request.arrayBuffer()).byteLength));
  });
}

if (import.meta.main) serve();
