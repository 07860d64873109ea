/**
 * Every way to send a credential, and a search for it in what was left behind.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Answer } from "./http_api.ts";
import { base64url } from "./written_forms.ts";

/** What a request carries. */
export interface Carried {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

/** Every way to send a key. */
export const KEY_STYLES: Readonly<Record<string, (key: string, port: number) => Carried>> = {
  "X-API-Key": (key) => ({ headers: { "X-API-Key": key } }),
  "Authorization: Bearer": (key) => ({ headers: { Authorization: `Bearer ${key}` } }),
  "Authorization of another scheme": (key) => ({
    headers: { Authorization: `Basic ${btoa(`x:${key}`)}` },
  }),
  "a subprotocol": (key) => ({
    headers: { "Sec-WebSocket-Protocol": `telemetry.v1, telemetry.key.${base64url(key)}` },
  }),
  "a subprotocol alone": (key) => ({
    headers: { "Sec-WebSocket-Protocol": `telemetry.key.${base64url(key)}` },
  }),
  "?apiKey=": (key) => ({ query: `apiKey=${encodeURIComponent(key)}` }),
  "?apiKey= in another case": (key) => ({ query: `APIKEY=${encodeURIComponent(key)}` }),
  "?apiKey= with an encoded name": (key) => ({ query: `%61piKey=${encodeURIComponent(key)}` }),
  "?apiKey= twice": (key) => ({ query: `apiKey=${encodeURIComponent(key)}&apiKey=wrong` }),
  "the password of an Origin": (key) => ({
    headers: { Origin: `http://user:${encodeURIComponent(key)}@elsewhere.example` },
  }),
  "a ticket": (key) => ({ query: `ticket=${encodeURIComponent(key)}` }),
  "a cookie": (key, port) => ({
    headers: { Cookie: `telemetry_session_${port}=${encodeURIComponent(key)}.signature` },
  }),
};

/** Texts that must not hold a secret, by where they are from. */
export class Evidence {
  readonly #texts: [where: string, text: string][] = [];

  /** Adds a text. */
  add(where: string, text: string): void {
    this.#texts.push([where, text]);
  }

  /** Adds an answer, all of it but what hands a secret to its owner. */
  addAnswer(where: string, { headers, text }: Answer): void {
    this.add(where, text);
    this.add(where, JSON.stringify([...headers]));
  }

  /** Asserts that no form of a secret occurs. */
  assertWithout(what: string, forms: readonly string[]): void {
    for (const [where, text] of this.#texts) {
      for (const form of forms) assert.ok(!text.includes(form), `${what} stands in ${where}`);
    }
  }

  /**
   * Adds all files below a folder, as text in which each byte is a character.
   *
   * @returns How many there were.
   */
  addFiles(folder: string): number {
    let files = 0;
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) {
        files += this.addFiles(path);
        continue;
      }
      this.add(`the file ${name}`, new TextDecoder("latin1").decode(Deno.readFileSync(path)));
      files += 1;
    }
    return files;
  }
}
