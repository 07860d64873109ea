/**
 * The forms in which a secret could stand in a text.
 *
 * @module
 */

/** A text in unpadded base64url. */
export function base64url(text: string): string {
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Every written form of a secret, itself among them. */
export function writtenForms(secret: string): string[] {
  const bare = btoa(secret).replaceAll("=", "");
  const forms = [secret, bare, base64url(secret), encodeURIComponent(secret), encodeURI(secret)];
  return [
    ...forms,
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll("/", "\\/"),
  ];
}
