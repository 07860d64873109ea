/**
 * Puts a renewed certificate to use while the gateway runs: when its files change, or on SIGHUP. A pair
 * that cannot be used changes nothing.
 *
 * @module
 */
import type { Clock, Logger } from "../../actors/ports.ts";
import {
  type Certificate,
  CertificateError,
  type CertificateFacts,
  type CertificateSource,
  describeCertificate,
} from "./certificate.ts";

/** Time between two looks at the files, in ms. A change is acted on when they then stay as they are. */
export const POLL_MILLIS = 1_000;

/** What the reload works with. */
export interface CertificateReloadDeps {
  /** Time. */
  readonly clock: Clock;
  /** Where changes are written. */
  readonly log: Logger;
  /** Where certificate and key are. */
  readonly source: CertificateSource;
  /** Serves new connections with another pair; throws, and goes on as before, when it cannot. */
  readonly apply: (certificate: Certificate) => void;
}

/** See the module. */
export class CertificateReload {
  readonly #deps: CertificateReloadDeps;
  #certificate: Certificate;
  #facts: CertificateFacts | undefined;
  /** The stamp of what was read last, usable or not. */
  #readStamp: string;
  /** The stamp of the last look. */
  #seenStamp: string;
  #failures = 0;
  #timer: unknown;
  #stopped = false;

  /**
   * Begins to look.
   *
   * @param certificate The pair that is in use.
   * @param stamp The stamp of the files, taken before they were read.
   */
  constructor(deps: CertificateReloadDeps, certificate: Certificate, stamp: string) {
    this.#deps = deps;
    this.#certificate = certificate;
    this.#readStamp = this.#seenStamp = stamp;
    this.#note("TLS certificate in use");
    this.#arm();
  }

  /** When the certificate in use ends, epoch ms; 0 when that cannot be told. */
  get endsAt(): number {
    return this.#facts?.endsAt ?? 0;
  }

  /** Pairs that could not be used since the start. */
  get failures(): number {
    return this.#failures;
  }

  /** Reads the files now, changed or not, as for SIGHUP. Never rejects. */
  async reload(): Promise<void> {
    const { log, source, apply } = this.#deps;
    try {
      this.#readStamp = await source.stamp();
      const next = await source.read();
      if (next.cert === this.#certificate.cert && next.key === this.#certificate.key) {
        log.info("TLS certificate read again; it is the same");
        return;
      }
      if (this.#stopped) return;
      apply(next);
      this.#certificate = next;
      this.#note("TLS certificate replaced; live connections stay");
    } catch (error) {
      this.#failures += 1;
      const reason = error instanceof CertificateError ? error.message : String(error);
      log.error("the TLS certificate was not replaced, the one before stays in use", { reason });
    }
  }

  /** Ends the looks. */
  stop(): void {
    this.#stopped = true;
    this.#deps.clock.clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.clock.setTimeout(() => void this.#poll(), POLL_MILLIS);
  }

  async #poll(): Promise<void> {
    const stamp = await this.#deps.source.stamp();
    // Two files are not replaced at one moment: between them the pair does not match.
    const isSettled = stamp === this.#seenStamp;
    this.#seenStamp = stamp;
    if (isSettled && stamp !== this.#readStamp) await this.reload();
    this.#arm();
  }

  #note(message: string): void {
    const { clock, log } = this.#deps;
    this.#facts = describeCertificate(this.#certificate);
    if (this.#facts === undefined) {
      log.info(message);
      return;
    }
    const { subject, endsAt } = this.#facts;
    const properties = { subject, ends: new Date(endsAt).toISOString() };
    if (endsAt > clock.epochMillis()) log.info(message, properties);
    else log.warn(`${message}, and has ended: clients will refuse it`, properties);
  }
}
