/**
 * TLS of the gateway's own: with which certificate it listens, now and after a renewal.
 *
 * @module
 */
import type { Clock, Logger } from "../../actors/ports.ts";
import type { Config } from "../../protocol/config.ts";
import type { Metrics } from "../../actors/observability/metrics.ts";
import type { ResilientListener } from "../listener.ts";
import {
  type Certificate,
  CertificateFiles,
  type CertificateSource,
  explainCertificate,
  isCertificateFault,
} from "./certificate.ts";
import { CertificateReload } from "./certificate_reload.ts";

/** What the listener is told for TLS. */
export interface TlsOptions extends Certificate {
  /** Lets a listener with a renewed certificate open beside the one that is there. */
  readonly reusePort: true;
}

/** Serves over TLS. */
export class Tls {
  readonly #source: CertificateSource;
  readonly #stamp: string;
  #certificate: Certificate;
  #reload: CertificateReload | undefined;
  #isFirst = true;

  private constructor(source: CertificateSource, stamp: string, certificate: Certificate) {
    this.#source = source;
    this.#stamp = stamp;
    this.#certificate = certificate;
  }

  /**
   * Reads the certificate and its key.
   *
   * @returns `undefined` when TLS is not configured.
   * @throws {CertificateError} When one of the files cannot be read.
   */
  static async open({ tlsCert, tlsKey }: Config["server"]): Promise<Tls | undefined> {
    if (tlsCert === undefined || tlsKey === undefined) return undefined;
    const source = new CertificateFiles(tlsCert, tlsKey);
    const stamp = await source.stamp();
    return new Tls(source, stamp, await source.read());
  }

  /**
   * Listens with the certificate in use.
   *
   * @throws {CertificateError} When the pair is not usable; what `listen` throws for other reasons.
   */
  listen<Server>(
    address: { readonly hostname: string; readonly port: number },
    listen: (options: TlsOptions) => Server,
  ): Server {
    // With reusePort a second gateway would share the port of a first one, and nobody would notice.
    if (this.#isFirst && address.port !== 0) Deno.listen(address).close();
    try {
      const server = listen({ ...this.#certificate, reusePort: true });
      this.#isFirst = false;
      return server;
    } catch (error) {
      throw isCertificateFault(error) ? explainCertificate(error) : error;
    }
  }

  /** Looks from now on whether the certificate was renewed. */
  watch(
    listener: Pick<ResilientListener, "replace">,
    { clock, log, metrics }: {
      readonly clock: Clock;
      readonly log: Logger;
      readonly metrics: Pick<Metrics, "addGauge" | "addCounter">;
    },
  ): void {
    const apply = (certificate: Certificate) => {
      const before = this.#certificate;
      this.#certificate = certificate;
      try {
        listener.replace();
      } catch (error) {
        this.#certificate = before;
        throw error;
      }
    };
    const deps = { clock, log, source: this.#source, apply };
    const reload = new CertificateReload(deps, this.#certificate, this.#stamp);
    this.#reload = reload;
    const ends = "When the TLS certificate in use ends, Unix time";
    metrics.addGauge("tls_certificate_end_timestamp_seconds", ends, () => reload.endsAt / 1_000);
    const failures = "TLS certificates that could not be used when they were read again";
    metrics.addCounter("tls_reload_failures_total", failures, () => reload.failures);
  }

  /** Reads the files now, as for SIGHUP. Never rejects. */
  async reload(): Promise<void> {
    await this.#reload?.reload();
  }

  /** Ends the looks. */
  stop(): void {
    this.#reload?.stop();
  }
}
