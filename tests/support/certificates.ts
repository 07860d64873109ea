/**
 * Certificates for tests, made by `openssl`.
 *
 * @module
 */
import { TempDir } from "./store_fixture.ts";

/** Whether certificates can be made. */
export async function canMakeCertificates(): Promise<boolean> {
  try {
    return (await new Deno.Command("openssl", { args: ["version"] }).output()).success;
  } catch {
    return false;
  }
}

/** A directory with the files of one certificate, which can be renewed. */
export class TestCertificate implements Disposable {
  readonly #directory = new TempDir();
  /** Path of the certificate. */
  readonly certPath: string = `${this.#directory.path}/desk.crt`;
  /** Path of its key. */
  readonly keyPath: string = `${this.#directory.path}/desk.key`;

  /** The options of a gateway that uses it. */
  get env(): Readonly<Record<string, string>> {
    return { TELEMETRY_TLS_CERT: this.certPath, TELEMETRY_TLS_KEY: this.keyPath };
  }

  /** Replaces both files one after the other, as a renewal does; returns the certificate. */
  async renew(name: string): Promise<string> {
    const { cert, key } = await this.make(name);
    await this.replace(this.certPath, cert);
    await this.replace(this.keyPath, key);
    return cert;
  }

  /** Puts a text in place of a file. */
  async replace(path: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${path}.new`, text);
    await Deno.rename(`${path}.new`, path);
  }

  /** Makes a pair for this machine that is its own issuer. */
  async make(name: string): Promise<{ readonly cert: string; readonly key: string }> {
    const [keyout, out] = ["made.key", "made.crt"];
    const { success, stderr } = await new Deno.Command("openssl", {
      args: [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" "),
        ...["-keyout", keyout, "-out", out, "-subj", `/CN=${name}`],
        ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ],
      cwd: this.#directory.path,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const read = (file: string) => Deno.readTextFile(`${this.#directory.path}/${file}`);
    return { cert: await read(out), key: await read(keyout) };
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]();
  }
}
