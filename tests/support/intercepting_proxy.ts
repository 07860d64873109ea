/**
 * An HTTPS proxy as some companies have it: it answers for every host itself, with certificates of
 * its own authority. `openssl` makes them.
 *
 * @module
 */
import { writeAll } from "./raw_http.ts";
import { TempDir } from "./store_fixture.ts";
import { TcpProxy } from "./tcp_proxy.ts";

/** Asks npm from where packages come unless something else is configured. */
const DEFAULT_REGISTRY = [
  ...["config", "get", "registry"],
  ...["--userconfig=/nowhere/user", "--globalconfig=/nowhere/global"],
];

const makeCertificates = (registry: string): string =>
  [
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout authority.key" +
    " -out authority.pem",
    `openssl req -newkey rsa:2048 -nodes -subj /CN=${registry} -keyout host.key -out host.csr`,
    `printf 'subjectAltName=DNS:${registry}' > extensions`,
    "openssl x509 -req -in host.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2" +
    " -extfile extensions -out host.pem",
  ].join("\n");

const ESTABLISHED = new TextEncoder().encode("HTTP/1.1 200 Connection established\r\n\r\n");

/** Whether certificates can be made here. */
export async function canIntercept(): Promise<boolean> {
  try {
    return (await new Deno.Command("openssl", { args: ["version"] }).output()).success;
  } catch {
    return false;
  }
}

/** Knows no package: it answers 404 to everybody who trusts its authority. */
export class InterceptingProxy implements AsyncDisposable {
  /** The paths that were asked for, by clients that trust the authority. */
  readonly asked: string[] = [];
  readonly #directory: TempDir;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #tunnels: TcpProxy;

  private constructor(directory: TempDir) {
    this.#directory = directory;
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: Deno.readTextFileSync(`${directory.path}/host.pem`),
      key: Deno.readTextFileSync(`${directory.path}/host.key`),
      onListen: () => {},
    }, ({ url }) => {
      this.asked.push(new URL(url).pathname);
      return new Response(null, { status: 404 });
    });
    // Whatever host is asked for, the tunnel leads to the server with the certificate.
    this.#tunnels = new TcpProxy(this.#server.addr.port, acceptTunnel);
  }

  /** Makes the certificates and listens. */
  static async start(): Promise<InterceptingProxy> {
    const directory = new TempDir();
    const npm = new Deno.Command("npm", { args: DEFAULT_REGISTRY });
    const { hostname } = new URL(new TextDecoder().decode((await npm.output()).stdout).trim());
    const args = ["-ec", makeCertificates(hostname)];
    const shell = new Deno.Command("sh", { args, cwd: directory.path });
    const { success, stderr } = await shell.output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new InterceptingProxy(directory);
  }

  /** What `HTTPS_PROXY` takes. */
  get url(): string {
    return `http://127.0.0.1:${this.#tunnels.port}`;
  }

  /** The file with the certificate of the authority. */
  get authority(): string {
    return `${this.#directory.path}/authority.pem`;
  }

  /** Ends every tunnel and removes the certificates. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tunnels[Symbol.asyncDispose]();
    await this.#server.shutdown();
    this.#directory[Symbol.dispose]();
  }
}

/** Reads a CONNECT request and accepts it. A client waits for the answer, so nothing follows it. */
async function acceptTunnel(client: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(4_096);
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    const count = await client.read(buffer);
    if (count === null) return;
    head += new TextDecoder().decode(buffer.subarray(0, count));
  }
  await writeAll(client, ESTABLISHED);
}
