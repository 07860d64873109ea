/**
 * The certificate and the private key with which the gateway speaks TLS, read from files.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";

/** A certificate with its chain, and its private key; both PEM. */
export interface Certificate {
  /** The certificate, then those of its issuers. */
  readonly cert: string;
  /** The private key. Never logged. */
  readonly key: string;
}

/** Why a certificate cannot be used; the message names the option and the file. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

/** What is known of a certificate, for the log. */
export interface CertificateFacts {
  /** Whom it names. */
  readonly subject: string;
  /** When it ends, epoch ms. */
  readonly endsAt: number;
}

/** Where certificate and key are. */
export interface CertificateSource {
  /**
   * Reads both.
   *
   * @throws {CertificateError} When one of them cannot be read.
   */
  read(): Promise<Certificate>;
  /** Changes whenever one of the files may have changed, also by a link that leads elsewhere. */
  stamp(): Promise<string>;
}

/** Certificate and key in files. */
export class CertificateFiles implements CertificateSource {
  readonly #cert: string;
  readonly #key: string;

  /** Takes the paths; nothing is read yet. */
  constructor(cert: string, key: string) {
    this.#cert = cert;
    this.#key = key;
  }

  /** {@inheritDoc CertificateSource.read} */
  async read(): Promise<Certificate> {
    return {
      cert: await readFile("server.tlsCert", this.#cert),
      key: await readFile("server.tlsKey", this.#key),
    };
  }

  /** {@inheritDoc CertificateSource.stamp} */
  async stamp(): Promise<string> {
    return `${await stampOf(this.#cert)} ${await stampOf(this.#key)}`;
  }
}

async function readFile(option: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new CertificateError(`${option}: ${path} cannot be read: ${(error as Error).message}`);
  }
}

async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtime } = await Deno.stat(path);
    return `${dev}:${ino}:${size}:${mtime?.getTime()}`;
  } catch {
    return "absent";
  }
}

/** Says what is wrong with a certificate that the runtime does not take. */
export function explainCertificate(error: unknown): CertificateError {
  const text = error instanceof Error ? error.message : String(error);
  const reason = /KeyMismatch/.test(text)
    ? "the key does not belong to the certificate"
    : /certificate/i.test(text)
    ? "server.tlsCert has no certificate in PEM form"
    : "server.tlsKey has no private key in PEM form";
  return new CertificateError(
    `server.tlsCert and server.tlsKey cannot be used: ${reason} (${text})`,
  );
}

/** Whether the runtime refused a certificate or a key, not an address. */
export function isCertificateFault(error: unknown): boolean {
  return error instanceof Deno.errors.InvalidData ||
    (error instanceof Error && /KeyMismatch|keys may not be consistent/.test(error.message));
}

/** Reads what a certificate says of itself; `undefined` when it says nothing that can be read. */
export function describeCertificate({ cert }: Certificate): CertificateFacts | undefined {
  try {
    const { subject, validTo } = new X509Certificate(cert);
    const endsAt = Date.parse(validTo);
    return Number.isNaN(endsAt) ? undefined : { subject: subject.replaceAll("\n", ", "), endsAt };
  } catch {
    return undefined;
  }
}
