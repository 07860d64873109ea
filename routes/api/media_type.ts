/**
 * What the headers of a request say about its body.
 *
 * @module
 */

/** A `Content-Type`, in lower case. */
export interface MediaType {
  /** Without parameters: `application/json`; empty when there is none. */
  readonly essence: string;
  /** The `charset` parameter. */
  readonly charset: string | undefined;
}

/** Reads a `Content-Type`. */
export function parseMediaType(header: string | null | undefined): MediaType {
  const [essence = "", ...parameters] = (header ?? "").toLowerCase().split(";");
  let charset: string | undefined;
  for (const parameter of parameters) {
    const [name = "", value = ""] = parameter.split("=");
    if (name.trim() === "charset") charset ??= value.trim().replace(/^"(.*)"$/, "$1");
  }
  return { essence: essence.trim(), charset };
}

/** Whether text of a media type is UTF-8, which is the default of JSON. */
export function isUtf8({ charset }: MediaType): boolean {
  return charset === undefined || charset === "utf-8" || charset === "utf8";
}

/** Reads a `Content-Encoding`; `undefined` when it is not supported. */
export function parseContentEncoding(header: string | null): "identity" | "gzip" | undefined {
  switch ((header ?? "").trim().toLowerCase()) {
    case "":
    case "identity":
      return "identity";
    case "gzip":
    case "x-gzip": // RFC 9110, section 8.4.1.3.
      return "gzip";
    default:
      return undefined;
  }
}
