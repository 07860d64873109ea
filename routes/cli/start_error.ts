/**
 * Explains in one line why the gateway could not start.
 *
 * @module
 */
import { StoreError } from "../../actors/store/sqlite/errors.ts";
import { KeyError } from "../../protocol/keys/edits.ts";
import { CertificateError } from "../tls/certificate.ts";
import type { Config } from "../../protocol/config.ts";

/**
 * Explains an error of the start.
 *
 * @returns `undefined` for an error that is nobody's configuration: it deserves its stack.
 */
export function explainStartError(error: unknown, config: Config): string | undefined {
  const explained = [StoreError, CertificateError, KeyError];
  if (explained.some((kind) => error instanceof kind)) return (error as Error).message;
  const { host, port } = config.server;
  const where = `${host}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return `${where} is in use by another program; stop it, or set TELEMETRY_PORT or --port`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return `${host} is not an address of this machine; set TELEMETRY_HOST or --host`;
  }
  if (error instanceof Deno.errors.NotCapable) {
    return `${error.message}; start with deno task start, which grants what is configured`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${where} or ${config.store.dataDir} is not ours to use: ${error.message}`;
  }
  return undefined;
}
