/**
 * Looks at the pages of a running gateway as a browser loads them.
 *
 * @module
 */
import assert from "node:assert/strict";

/**
 * Loads the document of a gateway and everything that it names.
 *
 * @returns The names of what was loaded.
 */
export async function loadPage(url: string): Promise<string[]> {
  const answer = await fetch(url);
  const document = await answer.text();
  assert.equal(answer.status, 200, document);
  const names = [...document.matchAll(/"\/(assets\/[^"]+)"/g)].map(([, name]) => name!);
  for (const name of names) {
    const asset = await fetch(`${url}/${name}`);
    assert.equal(asset.status, 200, name);
    assert.match(asset.headers.get("Cache-Control")!, /immutable/);
    assert.ok((await asset.text()).length > 1_000, name);
  }
  return names;
}
