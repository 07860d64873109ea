/**
 * The version of the gateway.
 *
 * @module
 */
import metadata from "../deno.json" with { type: "json" };

/** As in `deno.json`: `major.minor.patch`. */
export const VERSION: string = metadata.version;
